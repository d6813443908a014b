import { AppError } from '../../domain/errors.ts';
import type { Thresholds } from '../../domain/finding/thresholds.ts';
import { hasEnded, type Job } from '../../domain/job.ts';
import type { PolicyMatches } from '../../domain/policy/decide.ts';
import { figureOf, type Need, type PolicyJob } from '../../domain/policy/figures.ts';
import type { LookMemory } from '../../domain/policy/look-memory.ts';
import { type Match, matchJob, needsOf, selects } from '../../domain/policy/match.ts';
import type { Policy } from '../../domain/policy/policy.ts';
import { roughMatcher } from '../../domain/policy/rough.ts';
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
  /** On the clock of performance.now(): what was not looked at by then is left out. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** What is known of idleness reaches a little beyond what policies ask for. */
const BEYOND_MS = 15 * 60_000;
/** Jobs whose samples are summed up at one look, and others: each takes some milliseconds of a core. */
const READ_AT_ONCE = 200;
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
    /** Returns what must be read of a job; undefined if none of the policies is about it. */
    needsOf(facts: PolicyJob, own = policies): ReadonlySet<Need> | undefined {
      const all = own.map((policy) => needsOf(policy, facts)).filter((needs) => needs !== undefined);
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
    add(facts: PolicyJob, own = policies): void {
      for (const policy of own) {
        const match = matchJob(policy, facts);
        if (match) found.get(policy.name)!.jobs.push(match);
      }
    },
    matches: found as ReadonlyMap<string, PolicyMatches>,
  };
}

/**
 * Looks at the jobs that run, and returns those that policies are about: all of them, or with a `memory`
 * those that are due, at most `READ_AT_ONCE` of a kind.
 */
export async function lookAtRunning(
  policies: readonly Policy[],
  options: LookOptions & { readonly memory?: LookMemory },
): Promise<ReadonlyMap<string, PolicyMatches>> {
  const { store, nowMs, memory, signal, deadlineMs = Number.POSITIVE_INFINITY } = options;
  const collector = matchCollector(policies);
  if (policies.length === 0) return collector.matches;
  const idleMs = idleMsOf(policies);
  const all = await listCandidates(policies, options);
  for (const { id, own } of memory ? someOf(memory.due(all, nowMs)) : all) {
    signal?.throwIfAborted();
    if (performance.now() > deadlineMs) break;
    const job = await store.getJob(id).catch(ignoreDeleted);
    if (job?.state !== 'running') continue;
    const needs = collector.needsOf({ job, nowMs }, own) ?? new Set();
    const facts = await readFacts(job, needs, { ...options, idleMs });
    collector.add(facts, own);
    memory?.read(facts, own);
  }
  return collector.matches;
}

interface Candidate {
  readonly id: string;
  /** The policies that may be about it. */
  readonly own: readonly Policy[];
  readonly isSummed: boolean;
}

async function listCandidates(
  policies: readonly Policy[],
  { store, thresholds, nowMs, signal }: LookOptions,
): Promise<Candidate[]> {
  const match = roughMatcher(policies, thresholds);
  const candidates: Candidate[] = [];
  for await (const page of store.runningJobs()) {
    signal?.throwIfAborted();
    for (const running of page) {
      const found = match(running, nowMs);
      if (found.length === 0) continue;
      const isSummed = found.some(({ needs }) => needs.has('summary'));
      candidates.push({ id: running.id, own: found.map(({ policy }) => policy), isSummed });
    }
  }
  return candidates;
}

const someOf = (candidates: readonly Candidate[]): Candidate[] =>
  [true, false].flatMap((kind) =>
    candidates.filter(({ isSummed }) => isSummed === kind).slice(0, READ_AT_ONCE),
  );

/** How far back the longest idle time reaches that a policy asks for. */
export const idleMsOf = (policies: readonly Policy[]): number =>
  BEYOND_MS +
  Math.max(
    0,
    ...policies.flatMap(({ job }) =>
      job.filter(({ figure }) => figure.endsWith('_idle_minutes')).map(({ bound }) => 60_000 * bound),
    ),
  );

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
  options: LookOptions,
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
