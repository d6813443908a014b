import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { judgeArray } from '../../../src/domain/array-finding/judge.ts';
import type { ArrayTask } from '../../../src/domain/array-task.ts';
import { DEFAULT_THRESHOLDS } from '../../../src/domain/finding/thresholds.ts';

const GB = 1024;
const rest = async () => {};
const judge = (tasks: readonly ArrayTask[]) => judgeArray(tasks, DEFAULT_THRESHOLDS, rest);

/** A task that took an hour of 90 minutes, and used what it had. */
const task = (taskId: number, fields: Partial<ArrayTask> = {}): ArrayTask => ({
  jobId: `7_${taskId}`,
  taskId,
  user: 'alice',
  state: 'completed',
  rawState: 'COMPLETED',
  startTimeMs: 0,
  endTimeMs: 3_600_000,
  runtimeSeconds: 3600,
  timeLimitSeconds: 5400,
  nodes: 1,
  cpus: 4,
  memoryLimitMb: 16 * GB,
  memoryPeakMb: 14 * GB,
  cpuUsage: 95,
  ...fields,
});
const tasks = (count: number, fieldsOf: (id: number) => Partial<ArrayTask> = () => ({})) =>
  Array.from({ length: count }, (_, id) => task(id, fieldsOf(id)));
const failed = (rawState: string, fields: Partial<ArrayTask> = {}): Partial<ArrayTask> => ({
  state: 'failed',
  rawState,
  ...fields,
});

test('tasks that used what they asked for have no finding', async () => {
  expect(await judge(tasks(20))).toEqual({
    sentence: 'Nothing is amiss in what was measured.',
    findings: [],
    fine: ['end', 'cpu', 'memory', 'time'],
    unjudged: [],
  });
});

test('too few tasks, or tasks that have not ended, are not judged', async () => {
  const few = await judge(tasks(2, () => ({ memoryPeakMb: 10, cpuUsage: 1, runtimeSeconds: 3 })));
  expect(few.findings).toEqual([]);
  expect(few.unjudged.map(({ subject }) => subject)).toEqual(['cpu', 'memory', 'time']);
  const waiting = await judge(tasks(20, () => ({ state: 'running', endTimeMs: undefined as never })));
  expect(waiting.sentence).toBe('No task has ended yet.');
});

describe('an array', () => {
  type Case = readonly [
    title: string,
    tasks: ArrayTask[],
    found: { kind: string; message: string; action?: string; jobs?: string[] },
  ];
  test.each([
    [
      'some of whose tasks failed, in several ways',
      tasks(500, (id) => {
        if (id < 8) return failed('OUT_OF_MEMORY');
        if (id < 11) return failed('FAILED', { exitCode: 1 });
        return id === 499 ? failed('TIMEOUT') : {};
      }),
      {
        kind: 'array-failed',
        message:
          '12 of 500 tasks that ended failed: 8 ran out of memory, 3 ended with exit code 1, 1 ran out of time.',
        action: '--array=0-10,499, once the reason is mended.',
        jobs: ['7_0', '7_1', '7_2', '7_3', '7_4', '7_5', '7_6', '7_7', '7_8', '7_9'],
      },
    ],
    [
      'whose tasks all failed alike',
      tasks(5, () => failed('FAILED', { signal: 11 })),
      {
        kind: 'array-failed',
        message: 'All 5 tasks that ended failed: ended by signal 11.',
        action: '--array=0-4, once the reason is mended.',
      },
    ],
    [
      'whose tasks use little memory',
      tasks(500, (id) => ({ memoryPeakMb: 1000 + id })),
      { kind: 'array-memory', message: 'All 500 tasks used at most 1.46 GB of 16 GB.', action: '--mem=2G' },
    ],
    [
      'of which most use little memory, and a few need it',
      tasks(500, (id) => ({ memoryPeakMb: id % 25 === 7 ? 12 * GB : 2000 })),
      {
        kind: 'array-memory',
        message: '480 of 500 tasks used at most 1.95 GB of 16 GB, and the 20 others up to 12 GB.',
        action:
          '--mem=3G for most, and the larger ones with --array=7,32,57,82,107,132,157,182,207,232,257,282,307,332,357,382,407,432,457,482 --mem=16G',
      },
    ],
    [
      'whose tasks ask for a day and take minutes',
      tasks(20, (id) => ({ timeLimitSeconds: 86_400, runtimeSeconds: 600 + 10 * id })),
      {
        kind: 'array-time',
        message:
          'All 20 tasks that completed took at most 13 min 10 s of 1 d, 0.9 %; half of them 11 min 30 s.',
        action: '--time=0:20:00',
      },
    ],
    [
      'whose tasks are too short',
      tasks(500, (id) => ({ runtimeSeconds: id < 70 ? 4000 : 20 })),
      {
        kind: 'array-short',
        message:
          '430 of 500 tasks took less than 1 min, half of all 20 s or less; starting each takes about as long.',
        action: 'Do 30 of these in one task.',
      },
    ],
    [
      'that waits for a few tasks',
      tasks(20, (id) => ({ runtimeSeconds: id === 7 ? 5000 : 600 })),
      {
        kind: 'array-uneven',
        message:
          'Half of its 20 tasks took 10 min or less, 95 % of them 10 min, and the slowest 1 h 23 min (7_7).',
        jobs: ['7_7'],
      },
    ],
    [
      'whose tasks keep one CPU busy',
      tasks(20, () => ({ cpuUsage: 24 })),
      {
        kind: 'array-cpu',
        message: 'All 20 tasks kept at most 1 of 4 CPUs busy on average.',
        action: '--cpus-per-task=1',
      },
    ],
    [
      'some of whose tasks use no GPU',
      tasks(20, (id) => ({ gpus: 1, gpuUsage: id < 5 ? 0 : 90 })),
      {
        kind: 'array-gpu-unused',
        message: '5 of 20 tasks did not use their GPUs (under 1 % on average).',
        jobs: ['7_0', '7_1', '7_2', '7_3', '7_4'],
      },
    ],
    [
      'whose tasks use their GPUs little',
      tasks(20, () => ({ gpus: 1, gpuUsage: 9 })),
      { kind: 'array-gpu-low', message: 'All 20 tasks used their GPUs less than 15 % on average.' },
    ],
  ] as Case[])('%s', async (_, given, found) => {
    const { findings } = await judge(given);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject(found);
  });

  test.each([
    [
      'a limit that a task ran out of',
      (id: number) => (id === 3 ? failed('TIMEOUT') : { timeLimitSeconds: 86_400 }),
    ],
    ['GPUs at work', () => ({ gpus: 1, gpuUsage: 80, cpuUsage: 2 })],
    [
      'sizes that differ',
      (id: number) => ({ memoryPeakMb: 100, memoryLimitMb: id * GB, cpuUsage: 1, cpus: id + 2 }),
    ],
    ['little to save', () => ({ memoryLimitMb: 4 * GB, memoryPeakMb: 500 })],
  ] as [string, (id: number) => Partial<ArrayTask>][])(
    'with %s has no finding of it',
    async (_, fieldsOf) => {
      const { findings } = await judge(tasks(20, fieldsOf));
      expect(findings.filter(({ subject }) => subject !== 'end')).toEqual([]);
    },
  );
});

test('whatever tasks did, no advice is below what a task needed, and all reads as sentences', async () => {
  const any = fc.record(
    {
      state: fc.constantFrom('pending', 'running', 'completed', 'failed', 'cancelled'),
      rawState: fc.constantFrom('COMPLETED', 'FAILED', 'TIMEOUT', 'OUT_OF_MEMORY', 'CANCELLED by 7'),
      runtimeSeconds: fc.integer({ min: 0, max: 100_000 }),
      timeLimitSeconds: fc.constantFrom(0, 3600, 1_000_000),
      memoryPeakMb: fc.integer({ min: 0, max: 16 * GB }),
      cpuUsage: fc.double({ min: 0, max: 100, noNaN: true }),
      gpuUsage: fc.double({ min: 0, max: 100, noNaN: true }),
      gpus: fc.integer({ min: 0, max: 4 }),
      nodes: fc.integer({ min: 1, max: 2 }),
      exitCode: fc.integer({ min: 0, max: 255 }),
      taskId: fc.constant(undefined),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(any, { maxLength: 40 }), async (given) => {
      const all = given.map((fields, id) => task(id, fields as unknown as Partial<ArrayTask>));
      const { sentence, findings, fine, unjudged } = await judge(all);
      const subjects = [
        ...new Set(findings.map(({ subject }) => subject)),
        ...fine,
        ...unjudged.map((one) => one.subject),
      ];
      expect(new Set(subjects).size).toBe(subjects.length);
      for (const text of [sentence, ...findings.map(({ message }) => message)]) {
        expect(text).toMatch(/^[A-Z0-9].*[^.;:,]\.$/);
        expect(text).not.toMatch(/NaN|undefined|Infinity|null|-\d/);
      }
      const option = findings.find(({ kind }) => kind === 'array-memory')?.action;
      if (option?.match(/^--mem=\d+[MG]$/)) {
        const mb = Number.parseInt(option.slice(6), 10) * (option.endsWith('G') ? GB : 1);
        for (const { state, memoryPeakMb = 0 } of all)
          if (state === 'completed') expect(memoryPeakMb).toBeLessThanOrEqual(mb);
      }
    }),
    { numRuns: 400 },
  );
});
