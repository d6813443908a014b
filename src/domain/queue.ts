import type { Job } from './job.ts';
import { causeOf, codeOf, explainReason } from './pending-reason.ts';
import { type PendingReason, WAIT_CAUSES, type WaitCause } from './wait-cause.ts';

/** What some waiting jobs ask for, and how long they have waited. */
export interface Waiting {
  readonly jobs: number;
  /** Absent if no job says how many it asks for. */
  readonly cpus?: number;
  /** Absent if no job asks for any. */
  readonly gpus?: number;
  /** Absent if no job says when it was submitted; the same for the median. */
  readonly longestSeconds?: number;
  readonly medianSeconds?: number;
}

/** The waiting jobs of one partition with one reason. */
export interface QueueGroup extends Waiting {
  /** Absent for jobs without one. */
  readonly partition?: string;
  readonly cause: WaitCause;
  /** The reason without its details; absent for jobs that have none. */
  readonly reason?: string;
  /** Absent for a reason that is not known. */
  readonly explained?: PendingReason;
}

export interface QueuedJob {
  readonly job: Job;
  readonly cause: WaitCause;
  readonly explained?: PendingReason;
  readonly waitSeconds: number;
}

/** Who waits, for what, and since when. */
export interface Queue {
  readonly causes: readonly (Waiting & { readonly cause: WaitCause })[];
  /** The largest groups, at most MAX_GROUPS. */
  readonly groups: readonly QueueGroup[];
  /** Those with the most waiting jobs, at most MAX_USERS. */
  readonly users: readonly (Waiting & { readonly user: string })[];
  /** How many users have waiting jobs. */
  readonly userCount: number;
  /** The jobs that have waited longest for what frees itself, at most MAX_OLDEST. */
  readonly oldest: readonly QueuedJob[];
  /** The same of jobs that wait for something else: a person, another job, a time. */
  readonly oldestBlocked: readonly QueuedJob[];
}

const MAX_GROUPS = 200;
const MAX_USERS = 50;
const MAX_OLDEST = 50;
/** Reasons and partitions that are kept apart; further ones, which no scheduler has, count in the causes. */
const MAX_KINDS = 2000;
/** Causes for which more free nodes change nothing. */
const BLOCKED: ReadonlySet<WaitCause> = new Set(['dependency', 'time', 'held', 'request']);

interface Kind {
  readonly cause: WaitCause;
  readonly code: string | undefined;
  readonly explained: PendingReason | undefined;
}

/** Gathers waiting jobs, which come in the order of their submission. */
export function queueCollector(nowMs: number) {
  const kinds = new Map<string | undefined, Kind>();
  const causes = new Map<WaitCause, Sum>();
  const groups = new Map<string, { readonly partition: string | undefined; kind: Kind; sum: Sum }>();
  const users = new Map<string, Sum>();
  const oldest: QueuedJob[] = [];
  const oldestBlocked: QueuedJob[] = [];

  function kindOf(reason: string | undefined): Kind {
    const known = kinds.get(reason);
    if (known) return known;
    const kind = {
      cause: causeOf(reason),
      code: reason === undefined ? undefined : codeOf(reason),
      explained: reason === undefined ? undefined : explainReason(reason),
    };
    if (kinds.size < MAX_KINDS) kinds.set(reason, kind);
    return kind;
  }

  function addToGroup(job: Job, kind: Kind, waitSeconds: number | undefined): void {
    const partition = job.details?.partition;
    const key = `${partition ?? ''}\n${kind.code ?? ''}`;
    let group = groups.get(key);
    if (!group) {
      if (groups.size >= MAX_KINDS) return;
      group = { partition, kind, sum: newSum() };
      groups.set(key, group);
    }
    add(group.sum, job, waitSeconds);
  }

  return {
    add(job: Job): void {
      const { submitTimeMs, reason } = job.details ?? {};
      const kind = kindOf(reason);
      const waitSeconds =
        submitTimeMs === undefined ? undefined : Math.max(0, Math.round((nowMs - submitTimeMs) / 1000));
      add(sumOf(causes, kind.cause), job, waitSeconds);
      add(sumOf(users, job.user), job, waitSeconds);
      addToGroup(job, kind, waitSeconds);
      const list = BLOCKED.has(kind.cause) ? oldestBlocked : oldest;
      if (waitSeconds !== undefined && list.length < MAX_OLDEST)
        list.push({ job, cause: kind.cause, ...explainedOf(kind), waitSeconds });
    },

    queue: (): Queue => ({
      causes: WAIT_CAUSES.flatMap((cause) => {
        const sum = causes.get(cause);
        return sum ? [{ cause, ...waitingOf(sum) }] : [];
      }),
      groups: largest([...groups.values()], MAX_GROUPS).map(({ partition, kind, sum }) => ({
        ...(partition !== undefined && { partition }),
        cause: kind.cause,
        ...(kind.code !== undefined && { reason: kind.code }),
        ...explainedOf(kind),
        ...waitingOf(sum),
      })),
      users: largest(
        [...users].map(([user, sum]) => ({ user, sum })),
        MAX_USERS,
      ).map(({ user, sum }) => ({ user, ...waitingOf(sum) })),
      userCount: users.size,
      oldest,
      oldestBlocked,
    }),
  };
}

const explainedOf = ({ explained }: Kind) => (explained ? { explained } : {});

interface Sum {
  jobs: number;
  cpus: number | undefined;
  gpus: number;
  readonly waits: number[];
}

const newSum = (): Sum => ({ jobs: 0, cpus: undefined, gpus: 0, waits: [] });

function sumOf<Key>(sums: Map<Key, Sum>, key: Key): Sum {
  const sum = sums.get(key) ?? newSum();
  sums.set(key, sum);
  return sum;
}

function add(sum: Sum, { details }: Job, waitSeconds: number | undefined): void {
  sum.jobs++;
  if (details?.cpus !== undefined) sum.cpus = (sum.cpus ?? 0) + details.cpus;
  sum.gpus += details?.gpus ?? 0;
  if (waitSeconds !== undefined) sum.waits.push(waitSeconds);
}

function waitingOf({ jobs, cpus, gpus, waits }: Sum): Waiting {
  const sorted = Float64Array.from(waits).sort();
  return {
    jobs,
    ...(cpus !== undefined && { cpus }),
    ...(gpus > 0 && { gpus }),
    ...(sorted.length > 0 && {
      longestSeconds: sorted.at(-1)!,
      medianSeconds: sorted[Math.floor((sorted.length - 1) / 2)]!,
    }),
  };
}

const largest = <Group extends { readonly sum: Sum }>(groups: Group[], most: number): Group[] =>
  groups.sort((one, other) => other.sum.jobs - one.sum.jobs).slice(0, most);
