import type { Report } from '../domain/report.ts';
import { type DemoJob, isRunningAt, reportLife, reportWait, runsOf } from './life.ts';
import { createMeter, type Meter, type Metered } from './meter.ts';
import { isHeard } from './trouble.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Samples of this time are a minute apart, and earlier ones five minutes. */
const FINE_MS = 6 * HOUR_MS;
const COARSE_STEP_MS = 5 * MINUTE_MS;
/** What is older is made up after the service shows the present, with so many samples a run and node. */
export const RECENT_MS = 24 * HOUR_MS;
const OLD_SAMPLES = 12;
const OLD_METER_STEP_MS = 10 * MINUTE_MS;
/** Samples in one write; a request that arrives meanwhile waits for at most one of these. */
const BATCH_ROWS = 2000;
/** Old jobs in one write: some milliseconds of work. */
const OLD_JOBS = 10;

/** A stretch of the past: the jobs that start in it, and what all jobs use in it. */
interface Batch {
  readonly jobs: readonly DemoJob[];
  readonly metered: readonly Metered[];
  readonly untilMs: number;
}

interface Recent {
  /** Those that run in the time, the stored ones too. */
  readonly jobs: readonly DemoJob[];
  /** In the order of their starts. */
  readonly unstored: readonly DemoJob[];
  readonly meter: Meter;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The recent past in the order of time, as agents would have reported it; a job comes before its samples. */
export function* recentPast({ jobs, unstored, meter, fromMs, toMs }: Recent): Generator<Batch> {
  let metered: Metered[] = [];
  let stored = 0;
  const batchUntil = (untilMs: number): Batch => {
    const first = stored;
    while (stored < unstored.length && unstored[stored]!.startTimeMs <= untilMs) stored++;
    return { jobs: unstored.slice(first, stored), metered, untilMs };
  };
  const isFine = (timeMs: number) => toMs - timeMs <= FINE_MS || timeMs % COARSE_STEP_MS < MINUTE_MS;
  for (let timeMs = fromMs + MINUTE_MS; timeMs <= toMs; timeMs += MINUTE_MS) {
    if (isFine(timeMs)) metered.push(...meterAll(meter, jobs, timeMs));
    if (metered.length < BATCH_ROWS) continue;
    yield batchUntil(timeMs);
    metered = [];
  }
  yield batchUntil(toMs);
}

/** What the agents that are heard measure at a time. */
export const meterAll = (meter: Meter, jobs: readonly DemoJob[], timeMs: number): Metered[] =>
  jobs
    .filter((job) => isRunningAt(job, timeMs))
    .flatMap((job) =>
      job.nodes.flatMap((node, index) => (isHeard(node, timeMs) ? [meter.measure(job, index, timeMs)] : [])),
    );

/** What happened long ago, the latest first: jobs that have ended, with a few samples each. */
export function* oldPast(ended: readonly DemoJob[]): Generator<readonly DemoJob[]> {
  for (let end = ended.length; end > 0; end -= OLD_JOBS) yield ended.slice(Math.max(0, end - OLD_JOBS), end);
}

/** A few samples of each run of a job up to a time. */
export function sampleOld(job: DemoJob, untilMs: number): Metered[] {
  const meter = createMeter(OLD_METER_STEP_MS);
  return runsOf(job).flatMap(({ startTimeMs, endTimeMs }) => {
    const lastMs = Math.min(endTimeMs, untilMs);
    const stepMs = Math.max(MINUTE_MS, (lastMs - startTimeMs) / OLD_SAMPLES);
    const count = Math.max(0, Math.floor((lastMs - startTimeMs) / stepMs));
    return Array.from({ length: count }, (_, index) =>
      Math.floor(startTimeMs + (index + 0.5) * stepMs),
    ).flatMap((timeMs) => job.nodes.map((_, node) => meter.measure(job, node, timeMs)));
  });
}

/** All that Slurm has said of some jobs. */
export const reportAll = (jobs: readonly DemoJob[], nowMs: number): Report[] =>
  jobs.flatMap((job) => [reportWait(job), ...reportLife(job, nowMs)]);
