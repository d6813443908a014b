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

/** The waiting jobs of one partition. */
export interface QueuePartition extends Waiting {
  /** Absent for jobs without one. */
  readonly partition?: string;
  /** The same jobs by cause; only causes that there are. */
  readonly causes: readonly { readonly cause: WaitCause; readonly jobs: number }[];
}

/** The waiting jobs with one reason. */
export interface QueueReason extends Waiting {
  readonly cause: WaitCause;
  /** Without its details; absent for jobs that have none. */
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
  /** Those with the most waiting jobs first, at most MAX_GROUPS. */
  readonly partitions: readonly QueuePartition[];
  /** Those of the most waiting jobs first, at most MAX_GROUPS. */
  readonly reasons: readonly QueueReason[];
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
/** Reasons and partitions that are kept apart; further ones, which no scheduler has, are in causes alone. */
const MAX_KINDS = 2000;
/** Causes for which more free nodes change nothing. */
const BLOCKED: ReadonlySet<WaitCause> = new Set(['dependency', 'time', 'held', 'request']);

interface Kind {
  readonly cause: WaitCause;
  readonly code: string | undefined;
  readonly explained: PendingReason | undefined;
}

/** Gathers waiting jobs. */
export function queueCollector(nowMs: number) {
  const kinds = new Map<string | undefined, Kind>();
  const causes = new Map<WaitCause, Sum>();
  const partitions = new Map<string | undefined, { sum: Sum; causes: Map<WaitCause, number> }>();
  const reasons = new Map<string | undefined, { kind: Kind; sum: Sum }>();
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

  function addToPartition(job: Job, { cause }: Kind, waitSeconds: number | undefined): void {
    const partition = entryOf(partitions, job.details?.partition, () => ({
      sum: newSum(),
      causes: new Map<WaitCause, number>(),
    }));
    if (!partition) return;
    add(partition.sum, job, waitSeconds);
    partition.causes.set(cause, (partition.causes.get(cause) ?? 0) + 1);
  }

  function addToReason(job: Job, kind: Kind, waitSeconds: number | undefined): void {
    const reason = entryOf(reasons, kind.code, () => ({ kind, sum: newSum() }));
    if (reason) add(reason.sum, job, waitSeconds);
  }

  return {
    add(job: Job): void {
      const { submitTimeMs, reason } = job.details ?? {};
      const kind = kindOf(reason);
      const waitSeconds =
        submitTimeMs === undefined ? undefined : Math.max(0, Math.round((nowMs - submitTimeMs) / 1000));
      add(sumOf(causes, kind.cause), job, waitSeconds);
      add(sumOf(users, job.user), job, waitSeconds);
      addToPartition(job, kind, waitSeconds);
      addToReason(job, kind, waitSeconds);
      const list = BLOCKED.has(kind.cause) ? oldestBlocked : oldest;
      if (waitSeconds === undefined) return;
      list.push({ job, cause: kind.cause, ...explainedOf(kind), waitSeconds });
      if (list.length >= 4 * MAX_OLDEST) list.splice(0, list.length, ...oldestOf(list));
    },

    queue: (): Queue => ({
      causes: WAIT_CAUSES.flatMap((cause) => {
        const sum = causes.get(cause);
        return sum ? [{ cause, ...waitingOf(sum) }] : [];
      }),
      partitions: largest(
        [...partitions].map(([partition, group]) => ({ partition, ...group })),
        MAX_GROUPS,
      ).map(({ partition, sum, causes: counts }) => ({
        ...(partition !== undefined && { partition }),
        ...waitingOf(sum),
        causes: WAIT_CAUSES.flatMap((cause) =>
          counts.has(cause) ? [{ cause, jobs: counts.get(cause)! }] : [],
        ),
      })),
      reasons: largest([...reasons.values()], MAX_GROUPS).map(({ kind, sum }) => ({
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
      oldest: oldestOf(oldest),
      oldestBlocked: oldestOf(oldestBlocked),
    }),
  };
}

const oldestOf = (jobs: readonly QueuedJob[]): QueuedJob[] =>
  jobs.toSorted((one, other) => other.waitSeconds - one.waitSeconds).slice(0, MAX_OLDEST);

/** Returns the entry of a key, or a new one; undefined if there are too many. */
function entryOf<Key, Entry>(entries: Map<Key, Entry>, key: Key, make: () => Entry): Entry | undefined {
  const known = entries.get(key);
  if (known || entries.size >= MAX_KINDS) return known;
  const entry = make();
  entries.set(key, entry);
  return entry;
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
