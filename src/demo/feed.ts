import type { Job } from '../domain/job.ts';
import type { JobSample, PastJob, Store } from '../domain/store.ts';
import { measureJob } from './behaviour.ts';
import { createScheduler, type DemoJob, planJobs, recogniseJob, type Scheduler } from './cluster.ts';
import type { ShowProgress } from './progress.ts';

const HOUR_MS = 3_600_000;
const PAST_MS = 72 * HOUR_MS;
const PAST_STEP_MS = 60_000;
const LIVE_STEP_MS = 5000;
/** Rows a write: a request that arrives meanwhile waits for one of these at most. */
const BATCH_ROWS = 2000;
/** Of the newest jobs, those that show how far an earlier run has come. */
const WITNESS_JOBS = 20;
const FIRST_ID = 4_812_301;
const SEED = 1;

interface DemoOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly log: { warn(event: string, fields: Record<string, unknown>): void };
  /** Told how far a long filling has come. */
  readonly showProgress: ShowProgress;
  /** How much past a new cluster has; three days when left out. */
  readonly pastMs?: number;
  /** From one live sample of a node to the next; 5 s when left out. */
  readonly liveStepMs?: number;
}

/** The feed of a made-up cluster. */
export interface Demo {
  /** Resolves when the past is there and the live feed runs; never if it was stopped before. */
  readonly filled: Promise<void>;
  /** Resolves when nothing more is written. */
  stop(): Promise<void>;
}

/**
 * Feeds a made-up cluster into the store, as its agents and its scheduler would: first what happened up to now, then
 * live. What is stored already goes on: only what has happened since is added. An error of the store is logged,
 * and what it stopped is taken up again.
 */
export function startDemo(options: DemoOptions): Demo {
  const { store, now, log, showProgress, pastMs = PAST_MS, liveStepMs = LIVE_STEP_MS } = options;
  const { promise: filled, resolve: resolveFilled } = Promise.withResolvers<void>();
  let schedule: Scheduler | undefined;
  let current = Promise.resolve();
  let timer: Timer | undefined;
  let isStopped = false;

  async function step(): Promise<void> {
    try {
      schedule ??= await fillPast();
      if (!isStopped && schedule) {
        await goLive(schedule);
        resolveFilled();
      }
    } catch (error) {
      log.warn('demo failed', { cause: error });
    }
    if (!isStopped) timer = setTimeout(takeStep, liveStepMs);
  }

  /** Brings the store up to now, in the order of time; the scheduler that goes on from there, unless it was stopped. */
  async function fillPast(): Promise<Scheduler | undefined> {
    const toMs = now();
    const known = await listKnown();
    const fromMs = Math.max(toMs - pastMs, await lastSampledMs(known));
    const nextId = Math.max(FIRST_ID, ...known.map((job) => Number(job.id) + 1));
    const next = createScheduler(SEED, nextId);
    const alive = known.filter((job) => job.endTimeMs > fromMs);
    const planned = planJobs(next, alive, fromMs, toMs);
    const show = toMs - fromMs < HOUR_MS ? () => {} : showProgress;
    for (const batch of batchesOf([...alive, ...planned], planned, fromMs, toMs)) {
      if (isStopped) return undefined;
      if (batch.jobs.length > 0) await store.createJobs(batch.jobs.map((job) => pastOf(job, toMs)));
      if (batch.samples.length > 0) await store.recordSamples(batch.samples);
      show((batch.untilMs - fromMs) / (toMs - fromMs));
    }
    return next;
  }

  /** One live step: jobs end, others start, and every node of a running job reports. */
  async function goLive(next: Scheduler): Promise<void> {
    const nowMs = now();
    const running: DemoJob[] = [];
    for (const job of await listOwn('running', 10_000)) {
      if (job.endTimeMs > nowMs) running.push(job);
      else await store.updateJob(job.id, { state: job.verdict }, job.endTimeMs);
    }
    for (const job of next(running, nowMs)) {
      const { id, user, nodes } = job;
      await store.createJob({ id, user, nodes: [...nodes] }, nowMs);
      running.push(job);
    }
    await store.recordSamples(running.flatMap((job) => samplesOf(job, nowMs, true)));
  }

  /** The running jobs and the newest others, which an unfinished fill may have left without their samples. */
  async function listKnown(): Promise<DemoJob[]> {
    const jobs = [...(await listOwn(undefined, 500)), ...(await listOwn('running', 10_000))];
    return [...new Map(jobs.map((job) => [job.id, job])).values()];
  }

  /** Newest start first. Whoever tries the demonstration may have made jobs too: those are left alone. */
  async function listOwn(state: Job['state'] | undefined, limit: number): Promise<DemoJob[]> {
    const { jobs } = await store.listJobs(state ? { state } : {}, { limit, offset: 0 });
    return jobs.map((job) => recogniseJob(SEED, job)).filter((job) => job !== undefined);
  }

  /** All jobs are sampled together, so the newest ones, whose samples are few, speak for all. */
  async function lastSampledMs(known: readonly DemoJob[]): Promise<number> {
    let lastMs = 0;
    for (const job of known.slice(0, WITNESS_JOBS)) {
      const { samples } = await store.listSamples(job.id, {}, 1);
      lastMs = Math.max(lastMs, samples.times[0] ?? 0);
    }
    return lastMs;
  }

  function takeStep(): void {
    current = step();
  }

  takeStep();
  return {
    filled,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}

/** A stretch of the past: the jobs that start in it, and what all jobs use in it. */
interface Batch {
  readonly jobs: DemoJob[];
  readonly samples: JobSample[];
  readonly untilMs: number;
}

/** The past in the order of time, as agents would have reported it; a job comes before its samples. */
function* batchesOf(
  jobs: readonly DemoJob[],
  unstored: readonly DemoJob[],
  fromMs: number,
  toMs: number,
): Generator<Batch> {
  let samples: JobSample[] = [];
  let stored = 0;
  const batchUntil = (untilMs: number): Batch => {
    const first = stored;
    while (stored < unstored.length && unstored[stored]!.startTimeMs <= untilMs) stored++;
    return { jobs: unstored.slice(first, stored), samples, untilMs };
  };
  for (let timeMs = fromMs + PAST_STEP_MS; timeMs <= toMs; timeMs += PAST_STEP_MS) {
    for (const job of jobs) {
      if (job.startTimeMs <= timeMs && timeMs < job.endTimeMs) samples.push(...samplesOf(job, timeMs, false));
    }
    if (samples.length < BATCH_ROWS) continue;
    yield batchUntil(timeMs);
    samples = [];
  }
  yield batchUntil(toMs);
}

function samplesOf(job: DemoJob, timeMs: number, stamped: boolean): JobSample[] {
  return job.nodes.map((node, index) => ({
    jobId: job.id,
    node,
    timeMs,
    stamped,
    ...measureJob(job, index, timeMs),
  }));
}

function pastOf({ id, user, nodes, verdict, startTimeMs, endTimeMs }: DemoJob, nowMs: number): PastJob {
  const job = { id, user, nodes: [...nodes], startTimeMs };
  return endTimeMs > nowMs ? { ...job, state: 'running' } : { ...job, state: verdict, endTimeMs };
}
