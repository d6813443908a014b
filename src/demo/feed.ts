import { AppError } from '../domain/errors.ts';
import type { Job } from '../domain/job.ts';
import type { Report } from '../domain/report.ts';
import type { JobStore } from '../domain/store/jobs.ts';
import type { RunStore } from '../domain/store/runs.ts';
import type { JobSample, SampleStore } from '../domain/store/samples.ts';
import { type Repeat, repeat } from '../repeat.ts';
import { measureJob } from './behaviour.ts';
import {
  type DemoJob,
  isRunningAt,
  recogniseDraft,
  recogniseJob,
  reportLife,
  reportWait,
  type WaitingJob,
} from './life.ts';
import type { ShowProgress } from './progress.ts';
import { createScheduler, planJobs, type Scheduler } from './schedule.ts';

const HOUR_MS = 3_600_000;
const PAST_MS = 72 * HOUR_MS;
const PAST_STEP_MS = 60_000;
const LIVE_STEP_MS = 5000;
/** Samples in one write; a request that arrives meanwhile waits for at most one of these. */
const BATCH_ROWS = 2000;
/** Of the newest jobs, those that show how far an earlier run has come. */
const WITNESS_JOBS = 20;
/** More than the demonstration ever has at a time. */
const MAX_LIST = 10_000;
const FIRST_ID = 4_812_301;
const SEED = 1;

/** What the feed reads and writes. */
type DemoStore = Pick<JobStore, 'getJob' | 'listJobs'> &
  Pick<RunStore, 'applyReports'> &
  Pick<SampleStore, 'recordSamples' | 'listSamples'>;

interface DemoOptions {
  readonly store: DemoStore;
  readonly now: () => number;
  readonly log: { warn(event: string, fields: Record<string, unknown>): void };
  /** Called with the progress of a long filling. */
  readonly showProgress: ShowProgress;
  /** How much past a new cluster has; three days when left out. */
  readonly pastMs?: number;
  /** From one live sample of a node to the next; 5 s when left out. */
  readonly liveStepMs?: number;
}

/** The feed of a made-up cluster. After `stop` has resolved nothing more is written. */
export interface Demo extends Pick<Repeat, 'stop' | 'state'> {
  /** Resolves when the past is there and the live feed runs; never if it was stopped before. */
  readonly filled: Promise<void>;
}

/**
 * Feeds a made-up cluster into the store, as its agents and its scheduler would: first what happened up to
 * now, then live. What is stored already goes on: only what has happened since is added. An error of the
 * store is logged, and what it stopped is taken up again.
 */
export function startDemo(options: DemoOptions): Demo {
  const { store, now, log, showProgress, pastMs = PAST_MS, liveStepMs = LIVE_STEP_MS } = options;
  const { promise: filled, resolve: resolveFilled } = Promise.withResolvers<void>();
  let schedule: Scheduler | undefined;
  /** Waiting jobs that the store has. */
  let announced = new Set<string>();

  const steps = repeat({
    everyMs: liveStepMs,
    async run(signal) {
      schedule ??= await fillPast(signal);
      if (signal.aborted || !schedule) return undefined;
      await goLive(schedule);
      resolveFilled();
      return undefined;
    },
    onError(cause) {
      // What the scheduler has decided may not be stored, so the next one starts from what is.
      schedule = undefined;
      log.warn('demo_failed', { cause });
    },
  });

  /**
   * Brings the store up to now, in the order of time; the
   * scheduler that goes on from there, unless it was stopped.
   */
  async function fillPast(signal: AbortSignal): Promise<Scheduler | undefined> {
    const toMs = now();
    const known = await listKnown();
    const waiting = await listWaiting();
    announced = new Set(waiting.map(({ id }) => id));
    const fromMs = Math.max(toMs - pastMs, await lastSampledMs(known));
    const nextId = Math.max(FIRST_ID, ...[...known, ...waiting].map((job) => Number(job.id) + 1));
    const next = createScheduler(SEED, nextId, waiting);
    const alive = known.filter((job) => job.endTimeMs > fromMs);
    const planned = await keepFree(planJobs(next, alive, fromMs, toMs));
    const show = toMs - fromMs < HOUR_MS ? () => {} : showProgress;
    for (const batch of batchesOf([...alive, ...planned], planned, fromMs, toMs)) {
      if (signal.aborted) return undefined;
      await store.applyReports(batch.jobs.flatMap((job) => [reportWait(job), ...reportLife(job, toMs)]));
      if (batch.samples.length > 0) await store.recordSamples(batch.samples);
      show((batch.untilMs - fromMs) / (toMs - fromMs));
    }
    return next;
  }

  /** One live step: jobs end, others start or are submitted, and every node of a running job reports. */
  async function goLive(next: Scheduler): Promise<void> {
    const nowMs = now();
    const stored = await listRunning();
    const running = stored.map(({ job }) => job).filter(({ endTimeMs }) => endTimeMs > nowMs);
    const started = await keepFree(next.start(running, nowMs));
    await store.applyReports([
      ...stored.flatMap((one) => reportNews(one, nowMs)),
      ...started.flatMap((job) => [reportWait(job), ...reportLife(job, nowMs)]),
      ...(await takeSubmitted(next)).map(reportWait),
    ]);
    announced = new Set(next.waiting().map(({ id }) => id));
    const samples = [...running, ...started]
      .filter((job) => isRunningAt(job, nowMs))
      .flatMap((job) => samplesOf(job, nowMs, true));
    await store.recordSamples(samples);
  }

  /** The jobs that wait and are not in the store yet. */
  async function takeSubmitted(next: Scheduler): Promise<WaitingJob[]> {
    const submitted = next.waiting().filter(({ id }) => !announced.has(id));
    const free = await keepFree(submitted);
    for (const job of submitted) if (!free.includes(job)) next.drop(job.id);
    return free;
  }

  /** Leaves out the jobs whose ids somebody else has taken. */
  async function keepFree<One extends WaitingJob>(jobs: readonly One[]): Promise<One[]> {
    const free: One[] = [];
    for (const job of jobs) {
      const stored = announced.has(job.id) ? undefined : await find(job.id);
      if (stored === undefined || recogniseDraft(SEED, stored)) free.push(job);
      else log.warn('demo_failed', { cause: new Error(`The job ${job.id} already exists.`) });
    }
    return free;
  }

  async function find(id: string): Promise<Job | undefined> {
    try {
      return await store.getJob(id);
    } catch (error) {
      if (error instanceof AppError && error.code === 'not_found') return undefined;
      throw error;
    }
  }

  /** The running jobs and the newest others, which an unfinished fill may have left without their samples. */
  async function listKnown(): Promise<DemoJob[]> {
    const newest = (await list(undefined, 500)).map((job) => recogniseJob(SEED, job));
    const running = (await listRunning()).map(({ job }) => job);
    const jobs = [...newest.filter((job) => job !== undefined), ...running];
    return [...new Map(jobs.map((job) => [job.id, job])).values()];
  }

  /** Each with the number of restarts that the store knows. */
  async function listRunning(): Promise<StoredRun[]> {
    return (await list('running', MAX_LIST)).flatMap((stored) => {
      const job = recogniseJob(SEED, stored);
      return job ? [{ job, restarts: stored.details?.restarts }] : [];
    });
  }

  /** In the order of their ids, which is that of their submission. */
  async function listWaiting(): Promise<WaitingJob[]> {
    const jobs = (await list('pending', MAX_LIST)).map((job) => recogniseDraft(SEED, job));
    return jobs.filter((job) => job !== undefined).sort((a, b) => Number(a.id) - Number(b.id));
  }

  /** Newest start first. Visitors of the demonstration may have made jobs too: those are left alone. */
  async function list(state: Job['state'] | undefined, limit: number): Promise<readonly Job[]> {
    return (await store.listJobs(state ? { state } : {}, { limit, offset: 0 })).jobs;
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

  return { filled, stop: steps.stop, state: steps.state };
}

/** A job that the store has as running, with the number of its restarts there. */
interface StoredRun {
  readonly job: DemoJob;
  readonly restarts: number | undefined;
}

/** What Slurm has to say of a job that the store does not know yet: that it has ended, or runs again. */
function reportNews({ job, restarts }: StoredRun, nowMs: number): Report[] {
  const life = reportLife(job, nowMs);
  const last = life.at(-1);
  return last?.endTimeMs === job.endTimeMs || last?.restarts !== restarts ? life : [];
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
      if (isRunningAt(job, timeMs)) samples.push(...samplesOf(job, timeMs, false));
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
