import { expect, test } from 'bun:test';
import { limitIntake } from '../../../src/http/request/intake.ts';

test('bodies share a bound; one that finds no room is admitted alone, the next one is refused', () => {
  const intake = limitIntake(100);
  using first = intake.open();
  first.reserve(60);
  first.reserve(40);
  const large = intake.open();
  large.reserve(1);
  large.reserve(1_000_000);
  using third = intake.open();
  expect(() => third.reserve(1)).toThrow('Too many batches');
  large[Symbol.dispose]();
  third.reserve(1);
});

test('a finished or refused body frees its share of the intake', () => {
  const intake = limitIntake(100);
  using alone = intake.open();
  alone.reserve(101);
  for (let turn = 0; turn < 3; turn++) {
    using next = intake.open();
    next.reserve(100);
    using refused = intake.open();
    expect(() => refused.reserve(1)).toThrow('Too many batches');
  }
  using last = intake.open();
  last.reserve(100);
  expect(() => last.reserve(1)).toThrow('Too many batches');
});
