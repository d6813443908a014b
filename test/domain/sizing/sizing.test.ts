import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { DEFAULT_THRESHOLDS } from '../../../src/domain/finding/thresholds.ts';
import type { Job } from '../../../src/domain/job.ts';
import { type PastRun, pastRunOf, shapeOf } from '../../../src/domain/sizing/past-run.ts';
import { scriptLines, sizeRun } from '../../../src/domain/sizing/sizing.ts';
import { factsOf, GB, type Given, usage } from '../../help/run-facts.ts';

const HOUR = 3600;
const job = factsOf({
  job: {
    details: { name: 'train', cpus: 4, gpus: 2, memoryLimitMb: 16 * GB, timeLimitSeconds: 24 * HOUR },
  },
}).job;
const times = (count: number, run: PastRun): PastRun[] => Array.from({ length: count }, () => run);
const size = (runs: readonly PastRun[], of: Job = job) => sizeRun(of, runs, DEFAULT_THRESHOLDS);

describe('what the next run needs', () => {
  type Case = readonly [title: string, runs: PastRun[], script: string[], sentence: string];
  test.each([
    [
      'is the most that any needed, with some room',
      [...times(9, { memoryMb: 2 * GB, seconds: 3000 }), { memoryMb: 5 * GB, seconds: 2 * HOUR }],
      ['#SBATCH --mem=6G', '#SBATCH --time=3:00:00'],
      'The last 10 runs of train used at most 5 GB of 16 GB of memory, 2 h of 1 d.',
    ],
    [
      'is not known from too few',
      times(4, { memoryMb: 2 * GB, seconds: 3000 }),
      [],
      'What the next run needs is not known: 4 runs like it say what it needs; 5 are wanted.',
    ],
    [
      'counts CPUs and GPUs too',
      times(5, { seconds: 20 * HOUR, memoryMb: 14 * GB, cpus: 1, gpus: 1 }),
      ['#SBATCH --cpus-per-task=1', '#SBATCH --gpus=1'],
      'The last 5 runs of train used at most 1 of 4 CPUs, 1 of 2 GPUs.',
    ],
    [
      'is more than what a run ran out of, though others needed little',
      [...times(9, { memoryMb: 2 * GB, seconds: 20 * HOUR }), { ranOutOf: 'memory', memoryMb: 16 * GB }],
      ['#SBATCH --mem=20G'],
      'The last 10 runs of train used at most 2 GB of 16 GB of memory; 1 ran out of 16 GB of memory.',
    ],
    [
      'is more than what all ran out of',
      times(5, { ranOutOf: 'time', seconds: 24 * HOUR }),
      ['#SBATCH --time=1-06:00:00'],
      'The last 5 runs of train all ran out of 1 d.',
    ],
    [
      'is more than this one asked for, if others took longer',
      times(5, { seconds: 36 * HOUR }),
      ['#SBATCH --time=2-06:00:00'],
      'The last 5 runs of train used at most 1 d 12 h where this one asked for 1 d.',
    ],
    [
      'is what it asked for, if that is about right',
      times(5, { memoryMb: 12 * GB, seconds: 18 * HOUR, cpus: 4, gpus: 2 }),
      [],
      'The last 5 runs of train fit what it asks for: memory, time, CPUs, GPUs.',
    ],
    [
      'is not known of memory from runs that were hardly measured',
      times(5, { seconds: 60 }),
      ['#SBATCH --time=0:05:00'],
      'The last 5 runs of train used at most 1 min of 1 d.',
    ],
  ] as Case[])('%s', (_, runs, script, sentence) => {
    const sizing = size(runs);
    expect([scriptLines(sizing), sizing.sentence]).toEqual([script, sentence]);
  });

  test('says how past runs are spread', () => {
    const runs = Array.from({ length: 100 }, (_, index) => ({ memoryMb: 10 * (index + 1) }));
    expect(size(runs).sizes.memory).toMatchObject({ median: 500, upper: 950, most: 1000, runs: 100 });
  });

  test('never is less than a past run used or ran out of, and is written as sbatch reads it', () => {
    const amount = fc.integer({ min: 0, max: 2_000_000 });
    const run = fc.record(
      {
        ranOutOf: fc.constantFrom('memory', 'time'),
        seconds: amount,
        memoryMb: amount,
        cpus: fc.integer({ min: 1, max: 4 }),
        gpus: fc.integer({ min: 0, max: 2 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(run, { maxLength: 30 }), (runs) => {
        const { sizes, sentence } = size(runs as PastRun[]);
        for (const { memoryMb = 0, seconds = 0, ranOutOf, cpus = 0 } of runs) {
          const step = ranOutOf === 'memory' && memoryMb > 0 ? 1 : 0;
          expect(sizes.memory?.enough ?? Infinity).toBeGreaterThanOrEqual(memoryMb + step);
          expect(sizes.time?.enough ?? Infinity).toBeGreaterThanOrEqual(seconds);
          expect(sizes.cpus?.enough ?? Infinity).toBeGreaterThanOrEqual(cpus);
        }
        for (const { option } of Object.values(sizes))
          expect(option).toMatch(/^--(mem=\d+[MG]|time=(\d+-)?\d+:\d\d:00|cpus-per-task=[1-9]\d*|gpus=\d+)$/);
        expect(sentence).toMatch(/^[A-Z].*[^.;:,]\.$/);
        expect(sentence).not.toMatch(/undefined|NaN|Infinity/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what a run says of the next one', () => {
  type Case = readonly [title: string, given: Given, past: PastRun | undefined];
  const gpu = (mean: number) => ({ gpu: `GPU-${mean}`, utilizationPercent: { mean, max: mean } });
  test.each([
    ['completed', { whole: usage(50, 2 * GB) }, { seconds: HOUR, memoryMb: 2 * GB, cpus: 16 }],
    [
      'ran out of time: at least its limit',
      { whole: usage(50, 2 * GB), job: { state: 'failed', details: { rawState: 'TIMEOUT' } } },
      { ranOutOf: 'time', seconds: 4500, memoryMb: 2 * GB, cpus: 16 },
    ],
    [
      'ran out of memory: more than its limit on a node',
      {
        nodes: { n1: usage(50, 2 * GB), n2: usage(50, 2 * GB) },
        job: { state: 'failed', details: { rawState: 'OUT_OF_MEMORY' } },
      },
      { ranOutOf: 'memory', memoryMb: 50 * GB },
    ],
    ['failed by itself: nothing', { job: { state: 'failed', details: { rawState: 'FAILED' } } }, undefined],
    ['was cancelled: nothing', { job: { state: 'cancelled' } }, undefined],
    ['runs: nothing', { job: { state: 'running', endTimeMs: undefined as never } }, undefined],
    [
      'was measured for a quarter of its time: how long it took',
      { whole: { ...usage(50, 2 * GB), observedSeconds: 900, samples: 3 } },
      { seconds: HOUR },
    ],
    [
      'has two nodes: the most on either, and no count of CPUs',
      { nodes: { n1: usage(50, 2 * GB), n2: usage(50, 3 * GB) } },
      { seconds: HOUR, memoryMb: 3 * GB },
    ],
    [
      'used one of its two GPUs',
      {
        whole: usage(50, 2 * GB, 40),
        nodes: { n1: { ...usage(50, 2 * GB, 40), gpus: [gpu(80), gpu(0)] } },
        job: { details: { gpus: 2 } },
      },
      { seconds: HOUR, memoryMb: 2 * GB, cpus: 16, gpus: 1 },
    ],
    [
      'has GPUs that were not read one by one: nothing of them',
      { whole: usage(50, 2 * GB, 40), job: { details: { gpus: 2 } } },
      { seconds: HOUR, memoryMb: 2 * GB, cpus: 16 },
    ],
    [
      'used no GPU',
      { whole: usage(50, 2 * GB, 0), job: { details: { gpus: 2 } } },
      { seconds: HOUR, memoryMb: 2 * GB, cpus: 16, gpus: 0 },
    ],
  ] as Case[])('%s', (_, given, past) => {
    const { job: ended, summary } = factsOf(given);
    expect(pastRunOf(ended, summary, DEFAULT_THRESHOLDS)).toEqual(past);
  });

  test('is of runs of one name only, on nodes', () => {
    expect(shapeOf(job)).toBe('["alice","","train",1,4,2]');
    expect(shapeOf({ ...job, nodes: [] })).toBeUndefined();
    expect(shapeOf(factsOf({}).job)).toBeUndefined();
  });
});
