import { AppError } from '../domain/errors.ts';
import type { Job } from '../domain/job.ts';
import type { SchedulerNodes } from '../domain/nodes/scheduler-node.ts';
import type { Report } from '../domain/report.ts';
import type { HistoryStore } from '../domain/store/history.ts';
import type { JobStore } from '../domain/store/jobs.ts';
import type { RunStore } from '../domain/store/runs.ts';
import type { SampleStore } from '../domain/store/samples.ts';
import { yieldToOthers } from '../pace.ts';
import { type Repeat, type Rest, repeat } from '../repeat.ts';
import { batchOf, reportNode } from './agents.ts';
import { NODES } from './cluster.ts';
import { historyOf } from './history.ts';
import {
  type DemoJob,
  isRunningAt,
  recogniseDraft,
  recogniseJob,
  reportLife,
  reportWait,
  type WaitingJob,
} from './life.ts';
import { createMeter, type Metered } from './meter.ts';
import { meterAll, oldPast, RECENT_MS, recentPast, reportAll, sampleOld } from './past.ts';
import type { ShowProgress } from './progress.ts';
import { createScheduler, planJobs, type Scheduler } from './schedule.ts';
import { schedulerNodes } from './scheduler-nodes.ts';
import { silentNode } from './trouble.ts';

const HOUR_MS = 3_600_000;
const PAST_MS = 28 * 24 * HOUR_MS;
const LIVE_STEP_MS = 5000;
/** Of the newest jobs, those that show how far an earlier run has come. */
const WITNESS_JOBS = 20;
/** More than the demonstration ever has at a time. */
const MAX_LIST = 10_000;
const FIRST_ID = 4_812_301;
const SEED = 1;

/** What the feed reads and writes. */
type DemoStore = Pick<JobStore, 'getJob' | 'listJobs'> &
  Pick<RunStore, 'applyReports'> &
  Pick<HistoryStore, 'recordHistory'> &
  Pick<SampleStore, 'recordSamples' | 'listSamples'>;

interface DemoOptions {
  readonly store: DemoStore;
  readonly now: () => number;
  readonly log: { warn(event: string, fields: Record<string, unknown>): void };
  /** Called with the progress of a long filling. */
  readonly showProgress: ShowProgress;
  /** How much past a new cluster has; four weeks when left out. */
  readonly pastMs?: number;
  /** From one live sample of a node to the next; 5 s when left out. */
  readonly liveStepMs?: number;
}

/** The feed of a made-up cluster. After `stop` has resolved nothing more is written. */
export interface Demo extends Pick<Repeat, 'stop' | 'state'> {
  /** Resolves when the past is there and the live feed runs; never if it was stopped before. */
  readonly filled: Promise<void>;
  /** What sinfo would say of its nodes; undefined before the live feed runs. */
  readonly nodes: () => SchedulerNodes | undefined;
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
  /** What is still to be made up of long ago. */
  let old: Iterator<readonly DemoJob[]> = oldPast([]);
  const meter = createMeter();
  const intervalMs = Math.min(liveStepMs, LIVE_STEP_MS);
  /** Since the start. */
  let hasReported = false;
  let latest: SchedulerNodes | undefined;

  const steps = repeat({
    everyMs: liveStepMs,
    async run(signal) {
      schedule ??= await fillPast(signal);
      if (signal.aborted || !schedule) return undefined;
      await goLive(schedule);
      resolveFilled();
      return storeOld(signal);
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
    const recentMs = Math.max(fromMs, toMs - RECENT_MS);
    const nextId = Math.max(FIRST_ID, ...[...known, ...waiting].map((job) => Number(job.id) + 1));
    const next = createScheduler(SEED, nextId, waiting);
    const alive = known.filter((job) => job.endTimeMs > fromMs);
    const planned = planJobs(next, alive, { fromMs, toMs, fineFromMs: recentMs });
    const isRecent = ({ endTimeMs }: DemoJob) => endTimeMs > recentMs;
    old = oldPast([...alive, ...planned].filter((job) => !isRecent(job)));
    const unstored = await keepFree(planned.filter(isRecent));
    const jobs = [...alive.filter(isRecent), ...unstored];
    const show = toMs - fromMs < HOUR_MS ? () => {} : showProgress;
    for (const batch of recentPast({ jobs, unstored, meter, fromMs: recentMs, toMs })) {
      if (signal.aborted) return undefined;
      const begun = batch.jobs.filter(({ startTimeMs }) => startTimeMs < recentMs);
      await storePast(batch.jobs, [...begun.flatMap((job) => sampleOld(job, recentMs)), ...batch.metered]);
      show((batch.untilMs - recentMs) / (toMs - recentMs));
    }
    await store.recordHistory(historyOf([...alive, ...planned], next.waiting(), { fromMs: recentMs, toMs }));
    return next;
  }

  async function storePast(jobs: readonly DemoJob[], metered: readonly Metered[]): Promise<void> {
    await store.applyReports(reportAll(jobs, now()));
    const { samples, measures } = batchOf(metered, false);
    if (samples.length > 0) await store.recordSamples(samples, measures);
  }

  /** Goes on with what happened long ago, for as long as the next live step can wait. */
  async function storeOld(signal: AbortSignal): Promise<Rest | undefined> {
    const endMs = performance.now() + liveStepMs;
    while (!signal.aborted && performance.now() < endMs) {
      const { value: jobs, done } = old.next();
      if (done) return undefined;
      const free = await keepFree(jobs);
      await storePast(
        free,
        free.flatMap((job) => sampleOld(job, now())),
      );
      await yieldToOthers('background');
    }
    return { restMs: 0 };
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
    await report([...running, ...started], nowMs);
    latest = schedulerNodes(
      [...running, ...started].filter((job) => isRunningAt(job, nowMs)),
      nowMs,
    );
  }

  /** Every node that can be heard reports, as its agent would. */
  async function report(jobs: readonly DemoJob[], nowMs: number): Promise<void> {
    meter.keepOnly(jobs);
    const byNode = Map.groupBy(meterAll(meter, jobs, nowMs), ({ node }) => node);
    const silent = silentNode(nowMs);
    const send = (node: string, timeMs: number, metered: readonly Metered[]) => {
      const { samples, measures } = batchOf(metered, timeMs === nowMs);
      return store.recordSamples(samples, measures, reportNode({ node, timeMs, intervalMs, metered }));
    };
    await Promise.all(
      [...NODES.keys()].map(async (node) => {
        if (node !== silent.node) return send(node, nowMs, byNode.get(node) ?? []);
        if (hasReported) return;
        // What it said last: a new database has nothing of it.
        const last = meterAll(meter, jobs, silent.sinceMs).filter((one) => one.node === node);
        await send(node, silent.sinceMs, last);
      }),
    );
    hasReported = true;
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

  return { filled, nodes: () => latest, stop: steps.stop, state: steps.state };
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
