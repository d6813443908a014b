import { expect, test } from 'bun:test';
import { batchNameReader } from '../../../src/store/writer/batch-names.ts';

const list = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

test('equal names of batches give one object, and different names another', () => {
  const read = batchNameReader();
  const [jobs, nodes] = [list('job', 60), list('node', 60)];
  const names = read(jobs.join('\n'), nodes.join('\n'));
  expect(names).toEqual({ jobs, nodes });
  expect(read(jobs.join('\n'), nodes.join('\n'))).toBe(names);
  const others = nodes.with(7, '');
  expect(read(jobs.join('\n'), others.join('\n'))).toEqual({ jobs, nodes: others });
  expect(read(nodes.join('\n'), jobs.join('\n'))).toEqual({ jobs: nodes, nodes: jobs });
  expect(read('a', '')).toEqual({ jobs: ['a'], nodes: [''] });
});

test('the least recently used names are forgotten when there are too many', () => {
  const read = batchNameReader();
  const readBatch = (number: number) => {
    const jobs = list(`${number}-`, 1000).join('\n');
    return read(jobs, jobs);
  };
  const [first, second] = [readBatch(0), readBatch(1)];
  for (let number = 2; number < 40; number++) readBatch(number);
  expect(readBatch(0)).toBe(first);
  readBatch(40);
  expect(readBatch(0)).toBe(first);
  expect(readBatch(1)).not.toBe(second);
});
