import { expect, test } from 'bun:test';
import { drawBar, reportQuarters } from '../../src/demo/progress.ts';

test('a bar is drawn over itself, and ends with a line', () => {
  const written: string[] = [];
  const show = drawBar((text) => void written.push(text));
  for (const done of [0.1, 0.5, 1]) show(done);
  expect(written).toEqual([
    `\rmaking up the past  [${'#'.repeat(3)}${'.'.repeat(27)}]  10 %`,
    `\rmaking up the past  [${'#'.repeat(15)}${'.'.repeat(15)}]  50 %`,
    `\rmaking up the past  [${'#'.repeat(30)}] 100 %\n`,
  ]);
});

test('a log is told of every quarter once', () => {
  const told: number[] = [];
  const show = reportQuarters((percent) => void told.push(percent));
  for (let done = 0; done <= 100; done++) show(done / 100);
  expect(told).toEqual([25, 50, 75, 100]);
});
