import { expect, test } from 'bun:test';
import { limitIntake } from '../../../src/http/request/intake.ts';

test('bodies share a bound; one that finds no room has a place of its own, the next is refused', () => {
  const intake = limitIntake(100);
  using first = intake.open();
  first.take(60);
  first.take(40);
  const large = intake.open();
  large.take(1);
  large.take(1_000_000);
  using third = intake.open();
  expect(() => third.take(1)).toThrow('Too many batches');
  large[Symbol.dispose]();
  third.take(1);
});

test('what is finished or refused leaves its room to others', () => {
  const intake = limitIntake(100);
  using alone = intake.open();
  alone.take(101);
  for (let turn = 0; turn < 3; turn++) {
    using arrival = intake.open();
    arrival.take(100);
    using refused = intake.open();
    expect(() => refused.take(1)).toThrow('Too many batches');
  }
  using last = intake.open();
  last.take(100);
  expect(() => last.take(1)).toThrow('Too many batches');
});
