import { expect, test } from 'bun:test';
import { weighWrite } from '../../../../src/store/sqlite/writer/parts.ts';
import { takePlaces, turnTaker } from '../../../../src/store/sqlite/writer/schedule.ts';
import type { Write } from '../../../../src/store/sqlite/writer/write.ts';
import { pastJob, sample } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';

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

const weighed = (write: Write) => ({ write, weight: weighWrite(write) });

/** The groups, by names, that come of writes that all wait. */
function groupsOf(names: string[]): string {
  const takeTurn = turnTaker();
  const waiting = [...names];
  const groups: string[] = [];
  while (waiting.length > 0) {
    const places = takeTurn(waiting.map((name) => weighed(WRITES[name]!)));
    groups.push(takePlaces(waiting, places).join(' '));
  }
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
])('of %s that wait, the groups are %s', (names, groups) => {
  expect(groupsOf(names.split(' '))).toBe(groups);
});

test('batches and singles take turns while both keep coming', () => {
  const takeTurn = turnTaker();
  const waiting: string[] = [];
  const turns = Array.from({ length: 6 }, () => {
    waiting.push('large', 'single');
    return takePlaces(waiting, takeTurn(waiting.map((name) => weighed(WRITES[name]!)))).join(' ');
  });
  expect(turns).toEqual(['single', 'large', 'single single', 'large', 'single single', 'large']);
});
