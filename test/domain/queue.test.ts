import { describe, expect, test } from 'bun:test';
import type { Job } from '../../src/domain/job.ts';
import { queueCollector } from '../../src/domain/queue.ts';

const NOW_MS = Date.parse('2026-01-20T12:00:00Z');

const waiting = (id: string, minutes: number, details: Job['details'] = {}, user = 'alice'): Job => ({
  id,
  user,
  nodes: [],
  state: 'pending',
  cpuUsage: 0,
  memoryUsageMb: 0,
  details: { submitTimeMs: NOW_MS - minutes * 60_000, ...details },
});

function queueOf(jobs: readonly Job[]) {
  const collector = queueCollector(NOW_MS);
  for (const job of jobs) collector.add(job);
  return collector.queue();
}

describe('the queue', () => {
  test('jobs are summed by cause, by partition and reason, and by user', () => {
    const { causes, partitions, reasons, users, userCount } = queueOf([
      waiting('1', 90, { partition: 'gpu', reason: 'Resources', cpus: 8, gpus: 2 }),
      waiting('2', 60, { partition: 'gpu', reason: 'Priority', cpus: 4, gpus: 1 }, 'bob'),
      waiting('3', 30, { partition: 'gpu', reason: 'Priority', cpus: 4 }, 'bob'),
      waiting('4', 10, { partition: 'cpu', reason: 'QOSMaxCpuPerUserLimit' }, 'bob'),
    ]);
    expect(causes).toEqual([
      { cause: 'resources', jobs: 3, cpus: 16, gpus: 3, longestSeconds: 5400, medianSeconds: 3600 },
      { cause: 'limit', jobs: 1, longestSeconds: 600, medianSeconds: 600 },
    ]);
    expect(partitions).toEqual([
      {
        partition: 'gpu',
        ...{ jobs: 3, cpus: 16, gpus: 3, longestSeconds: 5400, medianSeconds: 3600 },
        causes: [{ cause: 'resources', jobs: 3 }],
      },
      {
        partition: 'cpu',
        ...{ jobs: 1, longestSeconds: 600, medianSeconds: 600 },
        causes: [{ cause: 'limit', jobs: 1 }],
      },
    ]);
    expect(reasons.map(({ reason, cause, jobs }) => [reason, cause, jobs])).toEqual([
      ['Priority', 'resources', 2],
      ['Resources', 'resources', 1],
      ['QOSMaxCpuPerUserLimit', 'limit', 1],
    ]);
    expect(reasons[0]).toMatchObject({ cpus: 8, gpus: 1, longestSeconds: 3600, medianSeconds: 1800 });
    expect(reasons[0]?.explained?.meaning).toContain('higher priority');
    expect(users.map(({ user, jobs }) => [user, jobs])).toEqual([
      ['bob', 3],
      ['alice', 1],
    ]);
    expect(userCount).toBe(2);
  });

  test('jobs that more free nodes would not help are apart from the others', () => {
    const { oldest, oldestBlocked } = queueOf([
      waiting('held', 100, { reason: 'JobHeldUser' }),
      waiting('after', 90, { reason: 'Dependency' }),
      waiting('later', 80, { reason: 'BeginTime' }),
      waiting('never', 70, { reason: 'PartitionTimeLimit' }),
      waiting('full', 60, { reason: 'Resources' }),
      waiting('strange', 50, { reason: 'SomethingNew' }),
    ]);
    expect(oldest.map(({ job }) => job.id)).toEqual(['full', 'strange']);
    expect(oldest[0]).toMatchObject({ cause: 'resources', waitSeconds: 3600 });
    expect(oldest[1]?.explained).toBeUndefined();
    expect(oldestBlocked.map(({ job }) => job.id)).toEqual(['held', 'after', 'later', 'never']);
  });

  test('what is not known is absent, and nobody waits a negative time', () => {
    const { causes, partitions, reasons, oldest } = queueOf([
      { ...waiting('1', 0), details: {} },
      waiting('2', -5, { reason: 'None' }),
    ]);
    expect(causes).toEqual([{ cause: 'scheduler', jobs: 2, longestSeconds: 0, medianSeconds: 0 }]);
    expect(reasons[0]).toEqual({ cause: 'scheduler', jobs: 1 });
    expect(partitions.map(({ partition, jobs }) => [partition, jobs])).toEqual([[undefined, 2]]);
    expect(oldest.map(({ job }) => job.id)).toEqual(['2']);
  });

  test('the lists have an end, however many jobs, users and reasons there are', () => {
    const jobs = Array.from({ length: 5000 }, (_, index) =>
      waiting(String(index), index, { partition: `p${index}`, reason: `why ${index}` }, `u${index}`),
    );
    const { causes, partitions, reasons, users, userCount, oldest } = queueOf(jobs);
    expect(causes).toMatchObject([{ cause: 'other', jobs: 5000 }]);
    expect([partitions.length, reasons.length, users.length]).toEqual([200, 200, 50]);
    expect([userCount, oldest.length]).toEqual([5000, 50]);
    expect([oldest[0]?.job.id, oldest[49]?.job.id]).toEqual(['4999', '4950']);
  });
});
