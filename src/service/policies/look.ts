import { AppError } from '../../domain/errors.ts';
import type { Thresholds } from '../../domain/finding/thresholds.ts';
import { hasEnded, type Job } from '../../domain/job.ts';
import type { PolicyMatches } from '../../domain/policy/decide.ts';
import { figureOf, type Need, type PolicyJob } from '../../domain/policy/figures.ts';
import { type Match, matchJob, needsOf, selects } from '../../domain/policy/match.ts';
import type { Policy } from '../../domain/policy/policy.ts';
import type { RunningJob } from '../../domain/running-job.ts';
import type { LiveStore } from '../../domain/store/live.ts';
import type { JobRun, RunStore } from '../../domain/store/runs.ts';
import type { View } from '../../domain/store/view.ts';
import { type FactStore, readFacts } from './facts.ts';

export type LookStore = FactStore &
  Pick<View, 'getJob' | 'streamJobs' | 'streamRuns'> &
  Pick<LiveStore, 'runningJobs'> &
  Pick<RunStore, 'listRequeued'>;

export interface LookOptions {
  readonly store: LookStore;
  readonly thresholds: Thresholds;
  readonly nowMs: number;
  readonly signal?: AbortSignal;
}

/** What is known of idleness reaches a little beyond what policies ask for. */
const BEYOND_MS = 15 * 60_000;
/** Jobs whose samples are summed up at one look; of more, each is looked at once in some looks. */
const SUMMED_AT_ONCE = 500;
const LOOK_MS = 60_000;
/** More jobs of a window are not looked at; the newest are. */
const MAX_ENDED = 300_000;

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** Gathers the matches of policies, and what all jobs that they select held. */
export function matchCollector(policies: readonly Policy[]) {
  const found = new Map(
    policies.map(({ name }) => [
      name,
      { jobs: [] as Match[], base: { cpuHours: 0, gpuHours: 0 } as Mutable<PolicyMatches['base']> },
    ]),
  );
  return {
    /** Returns what must be read of a job; undefined if no policy is about it. */
    needsOf(facts: PolicyJob): ReadonlySet<Need> | undefined {
      const all = policies.map((policy) => needsOf(policy, facts)).filter((needs) => needs !== undefined);
      return all.length === 0 ? undefined : new Set(all.flatMap((needs) => [...needs]));
    },
    addToBase(facts: PolicyJob): void {
      for (const policy of policies) {
        if (!selects(policy, facts.job)) continue;
        const { base } = found.get(policy.name)!;
        base.cpuHours += figureOf(facts, 'cpu_hours') ?? 0;
        base.gpuHours += figureOf(facts, 'gpu_hours') ?? 0;
      }
    },
    add(facts: PolicyJob): void {
      for (const policy of policies) {
        const match = matchJob(policy, facts);
        if (match) found.get(policy.name)!.jobs.push(match);
      }
    },
    matches: found as ReadonlyMap<string, PolicyMatches>,
  };
}

/** Looks at the jobs that run, and returns those that policies are about. */
export async function lookAtRunning(
  policies: readonly Policy[],
  options: LookOptions,
): Promise<ReadonlyMap<string, PolicyMatches>> {
  const { store, thresholds, nowMs, signal } = options;
  const collector = matchCollector(policies);
  if (policies.length === 0) return collector.matches;
  const idleMs = idleMsOf(policies);
  const candidates: { id: string; isSummed: boolean }[] = [];
  for await (const page of store.runningJobs()) {
    signal?.throwIfAborted();
    for (const running of page) {
      const needs = roughNeeds(policies, running, nowMs, thresholds);
      if (needs) candidates.push({ id: running.id, isSummed: needs.has('summary') });
    }
  }
  const turns = Math.ceil(candidates.filter(({ isSummed }) => isSummed).length / SUMMED_AT_ONCE);
  const turn = Math.floor(nowMs / LOOK_MS);
  for (const { id, isSummed } of candidates) {
    signal?.throwIfAborted();
    if (isSummed && turns > 1 && Bun.hash.crc32(id) % turns !== turn % turns) continue;
    const job = await store.getJob(id).catch(ignoreDeleted);
    if (job?.state !== 'running') continue;
    const needs = collector.needsOf({ job, nowMs });
    if (needs) collector.add(await readFacts(job, needs, { ...options, idleMs }));
  }
  return collector.matches;
}

/** How far back the longest idle time reaches that a policy asks for. */
export const idleMsOf = (policies: readonly Policy[]): number =>
  BEYOND_MS +
  Math.max(
    0,
    ...policies.flatMap(({ job }) =>
      job.filter(({ figure }) => figure.endsWith('_idle_minutes')).map(({ bound }) => 60_000 * bound),
    ),
  );

/** What a list of running jobs does not have is taken as it suits each policy. */
function roughNeeds(
  policies: readonly Policy[],
  running: RunningJob,
  nowMs: number,
  thresholds: Thresholds,
): ReadonlySet<Need> | undefined {
  const job = roughJob(running);
  const all = policies
    .filter(({ job: conditions, findings }) => {
      if (findings.length > 0 && !running.findings?.some(({ kind }) => findings.includes(kind))) return false;
      const asksForIdleGpus = conditions.some(
        ({ figure, operator }) => figure === 'gpu_idle_minutes' && operator.startsWith('>'),
      );
      return !asksForIdleGpus || (running.gpuUsage ?? 0) < thresholds.gpuIdlePercent;
    })
    .map((policy) => {
      const { qos: _, ...only } = policy.only;
      return needsOf({ ...policy, only, act: false }, { job, nowMs });
    })
    .filter((needs) => needs !== undefined);
  return all.length === 0 ? undefined : new Set(all.flatMap((needs) => [...needs]));
}

function roughJob({ id, user, nodes, startTimeMs, ...rest }: RunningJob): Job {
  const { cpuUsage, memoryUsageMb, ...details } = rest;
  const names = new Array<string>(nodes).fill('');
  return { id, user, nodes: names, state: 'running', startTimeMs, cpuUsage, memoryUsageMb, details };
}

function ignoreDeleted(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'not_found') return undefined;
  throw error;
}

/** What was found of jobs that ended. */
interface EndedMatches {
  readonly matches: ReadonlyMap<string, PolicyMatches>;
  /** Whether there was no time for all of them. */
  readonly isPartial: boolean;
}

/**
 * Looks at the runs that ended since `sinceMs`, the latest runs of jobs first, those by their newest start,
 * and returns those that policies are about. Ends early at `deadlineMs` of performance.now().
 */
export async function lookAtEnded(
  policies: readonly Policy[],
  sinceMs: number,
  options: LookOptions & { readonly deadlineMs?: number },
): Promise<EndedMatches> {
  const { store, nowMs, signal, deadlineMs = Number.POSITIVE_INFINITY } = options;
  const collector = matchCollector(policies);
  const { matches } = collector;
  if (policies.length === 0) return { matches, isPartial: false };
  const filter = { state: ['completed', 'failed', 'cancelled'] as const, sinceMs };
  for await (const page of store.streamJobs(filter, { nowMs, limit: MAX_ENDED }, signal))
    for (const job of page) {
      if (performance.now() > deadlineMs) return { matches, isPartial: true };
      if ((job.endTimeMs ?? 0) <= nowMs) await addEnded(collector, job, options);
    }
  for await (const { job, run } of earlierRuns(sinceMs, options)) {
    if (performance.now() > deadlineMs) return { matches, isPartial: true };
    await addEnded(collector, job, { ...options, run });
  }
  return { matches, isPartial: false };
}

/** Yields the runs of requeued jobs that ended since a time, without the latest of each job. */
async function* earlierRuns(sinceMs: number, { store, nowMs, signal }: LookOptions): AsyncGenerator<JobRun> {
  for (const id of (await store.listRequeued(sinceMs)).slice(0, MAX_ENDED)) {
    try {
      let isLatest = true;
      for await (const one of store.streamRuns(id, signal)) {
        const { state, endTimeMs = 0 } = one.job;
        if (!isLatest && hasEnded(state) && endTimeMs >= sinceMs && endTimeMs <= nowMs) yield one;
        isLatest = false;
      }
    } catch (error) {
      ignoreDeleted(error);
    }
  }
}

async function addEnded(
  collector: ReturnType<typeof matchCollector>,
  job: Job,
  options: LookOptions & { readonly run?: number },
): Promise<void> {
  const { nowMs } = options;
  collector.addToBase({ job, nowMs });
  const needs = collector.needsOf({ job, nowMs });
  if (!needs) return;
  const facts = await readFacts(job, needs, { ...options, idleMs: 0 }).catch(ignoreDeleted);
  if (facts) collector.add(facts);
}
