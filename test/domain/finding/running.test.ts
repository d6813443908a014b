import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { GpuCourse } from '../../../src/domain/finding/finding.ts';
import { GpuPause, gpuCourseMs } from '../../../src/domain/finding/gpu-pause.ts';
import { GPU_PAUSED } from '../../../src/domain/finding/gpu-paused.ts';
import { RULES } from '../../../src/domain/finding/judge.ts';
import { MEMORY_GROWS } from '../../../src/domain/finding/memory-grows.ts';
import { mayGrow } from '../../../src/domain/finding/memory-room.ts';
import { MemoryTrace } from '../../../src/domain/finding/memory-trace.ts';
import { DEFAULT_THRESHOLDS } from '../../../src/domain/finding/thresholds.ts';
import { worstFirst } from '../../../src/domain/finding/worst.ts';
import { factsOf, usage } from '../../help/run-facts.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 100 * HOUR_MS;
const SPAN_MS = gpuCourseMs(DEFAULT_THRESHOLDS) / 60;

test('findings have the order of a verdict, and kinds of rules that are gone come last', () => {
  const of = (kind: string, severity: 'harm' | 'waste' | 'info') => ({ kind, severity });
  const sorted = [
    ...[of('memory-killed', 'harm'), of('memory-near-limit', 'harm'), of('gpu-paused', 'waste')],
    ...[of('cpu-idle', 'waste'), of('gpu-paused', 'info'), of('gone', 'info')],
  ];
  expect(worstFirst(sorted.toReversed())).toEqual(sorted);
  expect(RULES.flatMap(({ kinds }) => Object.keys(kinds))).toContain('gpu-paused');
});

interface Sample {
  readonly timeMs: number;
  readonly percent: number;
}

/** Up to 75 minutes of a GPU, a sample every quarter of a minute, some of which are missing. */
const anySamples: fc.Arbitrary<Sample[]> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 240 }), fc.constantFrom(0, 0, 0.5, 1, 40, undefined)), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => {
    const all = parts.flatMap(([quarters, percent]) => Array.from({ length: quarters }, () => percent));
    return all
      .flatMap((percent, at) =>
        percent === undefined ? [] : [{ timeMs: NOW_MS - (all.length - at) * 15_000, percent }],
      )
      .filter(({ timeMs }) => timeMs >= NOW_MS - gpuCourseMs(DEFAULT_THRESHOLDS));
  });

/** The means of the spans of a course. */
function courseOf(samples: readonly Sample[]): GpuCourse {
  const spans = Map.groupBy(samples, ({ timeMs }) => Math.floor(timeMs / SPAN_MS));
  return {
    timesMs: [...spans.keys()].map((span) => span * SPAN_MS),
    gpuPercent: Array.from(
      spans.values(),
      (some) => some.reduce((sum, { percent }) => sum + percent, 0) / some.length,
    ),
  };
}

function pausedBy(gpuCourse: GpuCourse | undefined): string {
  const judged = GPU_PAUSED.judge({
    ...factsOf({ job: { state: 'running', startTimeMs: 0 }, ...(gpuCourse && { gpuCourse }) }),
    nowMs: NOW_MS,
  });
  return typeof judged === 'object' && 'kind' in judged ? `${judged.kind} ${judged.severity}` : 'none';
}

test('GPUs that are followed sample by sample are judged as their course is', () => {
  fc.assert(
    fc.property(anySamples, fc.nat(1000), (samples, cut) => {
      const pause = new GpuPause(DEFAULT_THRESHOLDS);
      const known = samples.slice(cut % Math.max(1, samples.length));
      for (const { timeMs, percent } of known) pause.add(timeMs, percent);
      if (pause.isIdleThroughout) pause.addPast(courseOf(samples));
      expect(pausedBy(pause.course())).toBe(pausedBy(courseOf(samples)));
    }),
  );
});

/** Memory over some hours, in straight lines. */
const anyMemory = fc
  .tuple(
    fc.integer({ min: 1, max: 40 }),
    fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 2, maxLength: 5 }),
  )
  .map(([hours, corners]) => ({
    hours,
    memoryMb: Array.from({ length: 60 }, (_, at) => {
      const place = (at / 60) * (corners.length - 1);
      const [one, other] = [corners[Math.floor(place)]!, corners[Math.floor(place) + 1]!];
      return one + (place % 1) * (other - one);
    }),
  }));

test('no memory is left unread of which a rule would say that it grows', () => {
  let grown = 0;
  fc.assert(
    fc.property(anyMemory, fc.integer({ min: 1, max: 200_000 }), ({ hours, memoryMb }, limitMb) => {
      const max = Math.max(...memoryMb);
      const mean = memoryMb.reduce((sum, mb) => sum + mb, 0) / memoryMb.length;
      const startTimeMs = NOW_MS - hours * HOUR_MS;
      const facts = {
        ...factsOf({
          job: {
            ...{ state: 'running', startTimeMs },
            details: { memoryLimitMb: limitMb, timeLimitSeconds: 100 * 3600 },
          },
          whole: { ...usage(95, mean), memoryUsageMb: { mean, max } },
        }),
        nowMs: NOW_MS,
        memoryCourse: {
          timesMs: memoryMb.map((_, at) => startTimeMs + (at / 60) * hours * HOUR_MS),
          memoryMb,
        },
      };
      const judged = MEMORY_GROWS.judge(facts);
      if (typeof judged !== 'object' || !('kind' in judged)) return;
      grown++;
      expect(mayGrow(facts)).toBe(true);
    }),
    { numRuns: 1000 },
  );
  expect(grown).toBeGreaterThan(20);
});

test('memory that is followed sample by sample has the means of its spans, however long it is followed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 0, max: 1000 }), (count, cut) => {
      const all = Array.from({ length: count }, (_, at) => ({ timeMs: NOW_MS + at * 15_000, mb: 1000 + at }));
      const trace = new MemoryTrace();
      for (const { timeMs, mb } of all.slice(cut)) trace.add(timeMs, mb);
      // The past that was missed, as a plot has it.
      const past = new MemoryTrace();
      for (const { timeMs, mb } of all) past.add(timeMs, mb);
      trace.replace(past.course(2), 2);
      for (const course of [past.course(1), trace.course(1)]) {
        expect(course.timesMs.length).toBeLessThanOrEqual(64);
        const [spanMs = 60_000] = course.timesMs.slice(1).map((timeMs, at) => timeMs - course.timesMs[at]!);
        for (const [at, fromMs] of course.timesMs.entries()) {
          const of = all.filter(({ timeMs }) => timeMs >= fromMs && timeMs < fromMs + spanMs);
          const mean = of.reduce((sum, { mb }) => sum + mb, 0) / of.length;
          expect(Math.abs(course.memoryMb[at]! - mean)).toBeLessThan(0.01 * mean);
        }
      }
    }),
    { numRuns: 50 },
  );
});
