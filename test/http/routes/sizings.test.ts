import { expect, test } from 'bun:test';
import { readSizing, type SizingAnswer } from '../../../src/api/sizing.ts';
import { thresholdsOf } from '../../../src/domain/finding/thresholds.ts';
import { scriptLines } from '../../../src/domain/sizing/sizing.ts';
import { MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

const LATER_MS = NOON_MS + 10 * 24 * 3_600_000;

test('what the next run needs is told by those before it, and actions ask for no less', async () => {
  await using service = await startService({ thresholds: thresholdsOf(['sizing-runs=3']) });
  const { store } = service;
  const details = { name: 'train', cpus: 4, memoryLimitMb: 65_536, timeLimitSeconds: 86_400 };
  const ended = { state: 'completed', endTimeMs: NOON_MS + 30 * MINUTE_MS, details } as const;
  const waits = { state: 'pending', nodes: [] } as const;
  const used = { 1: 1000, 2: 4000, 3: 12_000 };
  await store.createJobs([
    ...Object.keys(used).map((id) => pastJob(id, ended)),
    pastJob('next', { details }),
    pastJob('waits', { ...waits, details: { ...details, nodeCount: 1 } }),
    pastJob('wide', { ...waits, details: { ...details, nodeCount: 2 } }),
  ]);
  for (const [jobId, memoryUsageMb] of Object.entries(used))
    await store.recordSamples(
      Array.from({ length: 30 }, (_, minute) => ({
        ...{ jobId, timeMs: NOON_MS + minute * MINUTE_MS, cpuUsage: 90, memoryUsageMb },
        stamped: false,
      })),
    );
  const ask = async (path: string) => (await service.send('GET', `/v1/jobs/${path}`)).json as never;
  expect(await ask('next/sizing')).toEqual({
    job_id: 'next',
    message: 'What the next run needs is not known: 0 runs like it say what it needs; 3 are wanted.',
    lack: '0 runs like it say what it needs; 3 are wanted',
    runs: 0,
    script: [],
  } as never);
  for (let steps = 0; await store.expire({}, LATER_MS); steps++) expect(steps).toBeLessThan(400);
  const answer: SizingAnswer = await ask('next/sizing');
  expect(answer).toMatchObject({
    message: 'The last 3 runs of train used at most 11.7 GB of 64 GB of memory, 30 min of 1 d.',
    script: ['#SBATCH --mem=15G', '#SBATCH --time=0:45:00'],
    runs: 3,
    memory_mb: { enough: 15_360, asked: 65_536, median: 4000, most: 12_000, runs: 3, failed_runs: 0 },
  });
  // One that waits has no nodes yet, and is told before it starts.
  const waiting: SizingAnswer = await ask('waits/sizing');
  expect(waiting).toEqual({ ...answer, job_id: 'waits' });
  const wide: SizingAnswer = await ask('wide/sizing');
  expect([wide.runs, wide.script]).toEqual([0, []]);
  expect(scriptLines(readSizing(answer))).toEqual([...answer.script]);
  const { findings } = (await ask('1/findings')) as { findings: { kind: string; action: string }[] };
  expect(findings.map(({ kind, action }) => [kind, action])).toEqual([
    ['memory-unused', '--mem=15G'],
    ['time-unused', '--time=0:45:00'],
  ]);
});
