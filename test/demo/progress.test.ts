import { expect, test } from 'bun:test';
import { reportQuarters } from '../../src/demo/progress.ts';

test('the progress is reported once for every quarter', () => {
  const told: number[] = [];
  const show = reportQuarters((percent) => void told.push(percent));
  for (let done = 0; done <= 100; done++) show(done / 100);
  expect(told).toEqual([25, 50, 75, 100]);
});
