import type { Sight } from './caller.ts';
import type { Owner } from './sight.ts';

/** What a write changed. Names may come twice, and a few may be of jobs that did not change. */
export interface Change {
  /** Jobs that were created, changed or deleted. */
  readonly jobs?: Iterable<string>;
  /** Jobs that got samples. */
  readonly measured?: Iterable<string>;
  /** Runs that got samples, by SLUID: their jobs are not known yet. */
  readonly measuredRuns?: Iterable<string>;
  /** Whether nodes reported. */
  readonly nodes?: boolean;
}

/** What changed since somebody was told last. */
export interface Changes {
  readonly jobs: ReadonlySet<string>;
  readonly measured: ReadonlySet<string>;
  readonly measuredRuns: ReadonlySet<string>;
  readonly nodes: boolean;
  /** Whether more jobs changed, and more were measured, than are named. */
  readonly hasMore: { readonly jobs: boolean; readonly measured: boolean };
}

/** The changes that somebody learns of: at most MAX_TOLD jobs of each kind. */
export interface ToldChanges {
  readonly jobs: readonly string[];
  readonly hasMoreJobs: boolean;
  readonly measured: readonly string[];
  readonly hasMoreMeasured: boolean;
  readonly nodes: boolean;
}

/** More jobs than a busy cluster changes in a second; it bounds the memory of a burst. */
export const MAX_NAMES = 50_000;
/** A page that shows more jobs reads all of them anew. */
export const MAX_TOLD = 100;
/** Ids may have 256 characters. */
const MAX_TOLD_LENGTH = 8000;

/** Gathers changes until they are taken. */
export function changeCollector() {
  let jobs = new Set<string>();
  let measured = new Set<string>();
  let measuredRuns = new Set<string>();
  let nodes = false;
  let hasMore = { jobs: false, measured: false };

  function addAll(kind: 'jobs' | 'measured', to: Set<string>, names: Iterable<string> = []): void {
    for (const name of names) {
      if (to.size < MAX_NAMES) to.add(name);
      else if (!to.has(name)) hasMore[kind] = true;
    }
  }

  return {
    add(change: Change): void {
      addAll('jobs', jobs, change.jobs);
      addAll('measured', measured, change.measured);
      addAll('measured', measuredRuns, change.measuredRuns);
      nodes ||= change.nodes ?? false;
    },

    isEmpty: (): boolean => jobs.size + measured.size + measuredRuns.size === 0 && !nodes,

    /** Returns what was added since the last call. */
    take(): Changes {
      const taken = { jobs, measured, measuredRuns, nodes, hasMore };
      [jobs, measured, measuredRuns] = [new Set(), new Set(), new Set()];
      nodes = false;
      hasMore = { jobs: false, measured: false };
      return taken;
    },
  };
}

/** Jobs, and whose they are. */
export interface OwnedJobs {
  readonly all: ReadonlySet<string>;
  readonly byUser: ReadonlyMap<string, readonly string[]>;
  readonly byAccount: ReadonlyMap<string, readonly string[]>;
}

/**
 * Sorts jobs by whose they are, once for all readers. Without `ownerOf`, and where it knows no owner,
 * they are of nobody.
 */
export function sortByOwner(
  all: ReadonlySet<string>,
  ownerOf: ((id: string) => Owner | undefined) | undefined,
): OwnedJobs {
  const byUser = new Map<string, string[]>();
  const byAccount = new Map<string, string[]>();
  const add = (to: Map<string, string[]>, name: string | null | undefined, id: string) => {
    if (typeof name !== 'string') return;
    const ids = to.get(name);
    if (ids) ids.push(id);
    else to.set(name, [id]);
  };
  for (const id of ownerOf ? all : []) {
    const owner = ownerOf?.(id);
    add(byUser, owner?.user, id);
    add(byAccount, owner?.account, id);
  }
  return { all, byUser, byAccount };
}

interface OwnedChanges extends Pick<Changes, 'hasMore' | 'nodes'> {
  readonly jobs: OwnedJobs;
  readonly measured: OwnedJobs;
}

/**
 * Returns the changes that somebody may know of; undefined if there are none. Those who see some jobs only
 * learn that there were others only of jobs that they see.
 */
export function tellChanges(
  { jobs, measured, hasMore, nodes }: OwnedChanges,
  sight: Sight,
): ToldChanges | undefined {
  const seesAll = sight === 'all';
  const changed = nameFirst(seenOf(jobs, sight));
  const read = nameFirst(seenOf(measured, sight));
  const told = {
    jobs: changed.names,
    hasMoreJobs: changed.hasMore || (seesAll && hasMore.jobs),
    measured: read.names,
    hasMoreMeasured: read.hasMore || (seesAll && hasMore.measured),
    nodes,
  };
  const isNothing = changed.names.length + read.names.length === 0 && !nodes;
  return isNothing && !told.hasMoreJobs && !told.hasMoreMeasured ? undefined : told;
}

/** As `isSeen` says of each job. */
function seenOf({ all, byUser, byAccount }: OwnedJobs, sight: Sight): Iterable<string> {
  if (sight === 'all') return all;
  const own = byUser.get(sight.user) ?? [];
  const others = sight.accounts.flatMap((account) => byAccount.get(account) ?? []);
  return others.length === 0 ? own : new Set([...own, ...others]);
}

function nameFirst(ids: Iterable<string>) {
  const names: string[] = [];
  let length = 0;
  for (const id of ids) {
    length += id.length;
    if (names.length === MAX_TOLD || length > MAX_TOLD_LENGTH) return { names, hasMore: true };
    names.push(id);
  }
  return { names, hasMore: false };
}
