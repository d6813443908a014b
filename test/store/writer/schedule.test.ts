import { expect, test } from 'bun:test';
import { Schedule } from '../../../src/store/writer/schedule.ts';
import type { Write } from '../../../src/store/writer/write.ts';
import { pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';

const samples = (rows: number): Write => ({
  kind: 'recordSamples',
  samples: Array.from({ length: rows }, (_, index) => ({ jobId: 'a', ...sample(index) })),
});
const WRITES: Record<string, Write> = {
  single: { kind: 'recordSample', jobId: 'a', sample: sample(0) },
  jobs: { kind: 'createJobs', jobs: Array.from({ length: 3000 }, (_, index) => pastJob(`job-${index}`)) },
  wide: {
    kind: 'createJob',
    job: { id: 'a', user: 'alice', nodes: Array.from({ length: 500 }, (_, index) => `n${index}`) },
    nowMs: NOON_MS,
  },
  few: samples(20),
  half: samples(501),
  large: samples(5000),
  huge: samples(100_000),
  expire: { kind: 'expire', retention: {}, nowMs: NOON_MS },
};

/** The names of the writes of each transaction, when writes with these names wait. */
function groupsOf(names: string[]): string {
  const schedule = new Schedule();
  for (const [id, name] of names.entries()) schedule.add(id, WRITES[name]!);
  const groups: string[] = [];
  while (!schedule.isEmpty)
    groups.push(
      schedule
        .next()
        .map(({ id }) => names[id])
        .join(' '),
    );
  return groups.join(', ');
}

test.each([
  ['single single', 'single single'],
  ['large', 'large'],
  ['large single large single', 'single single, large, large'],
  ['single few large single few', 'single few single few, large'],
  ['half half', 'half, half'],
  ['huge half single', 'single, huge, half'],
  ['single half single half', 'single single, half, half'],
  ['jobs jobs half single', 'single, jobs, jobs, half'],
  ['jobs jobs single', 'single, jobs, jobs'],
  ['wide single', 'wide single'],
  ['jobs wide single', 'wide single, jobs'],
  ['jobs single large', 'single, jobs, large'],
  ['expire single', 'single, expire'],
  ['expire half single', 'single, expire, half'],
  ['expire large', 'expire, large'],
  ['large half expire', 'expire, large, half'],
  ['large expire half expire half', 'expire, large, expire, half, half'],
  ['single large expire', 'single, expire, large'],
])('the waiting writes %s are committed as %s', (names, groups) => {
  expect(groupsOf(names.split(' '))).toBe(groups);
});

test('batches and single writes take turns while both keep coming', () => {
  const schedule = new Schedule();
  let id = 0;
  const groups = Array.from({ length: 6 }, () => {
    for (const name of ['large', 'single']) schedule.add(id++, WRITES[name]!);
    return schedule
      .next()
      .map(({ write }) => (write.kind === 'recordSample' ? 'single' : 'large'))
      .join(' ');
  });
  expect(groups).toEqual(['single', 'large', 'single single', 'large', 'single single', 'large']);
});

test('small writes beyond the cost of one transaction wait for the next, in order of arrival', () => {
  const schedule = new Schedule();
  const wide = WRITES.wide!;
  for (let id = 0; id < 5; id++) schedule.add(id, wide);
  const groups = [schedule.next(), schedule.next()].map((group) => group.map(({ id }) => id));
  // Each costs 3 * 501 samples, and a transaction at most 5000.
  expect(groups).toEqual([
    [0, 1, 2],
    [3, 4],
  ]);
});
