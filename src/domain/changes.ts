import type { Sight } from './caller.ts';
import { isSeen, type Owner } from './sight.ts';

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

/** What somebody is told of changes: at most MAX_TOLD jobs of each kind. */
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

/**
 * Returns the changes that somebody may know of; undefined if there are none. `measured` are the jobs that
 * got samples; `ownerOf` says whose a job is, or undefined if that is unknown. Those who see some jobs only
 * learn that there were others only of jobs that they see.
 */
export function tellChanges(
  { jobs, hasMore, nodes }: Pick<Changes, 'jobs' | 'hasMore' | 'nodes'>,
  measured: Iterable<string>,
  sight: Sight,
  ownerOf: (id: string) => Owner | undefined,
): ToldChanges | undefined {
  const seesAll = sight === 'all';
  const isTold = (id: string): boolean => {
    const owner = seesAll ? undefined : ownerOf(id);
    return seesAll || (owner !== undefined && isSeen(sight, owner));
  };
  const changed = nameFirst(jobs, isTold);
  const read = nameFirst(measured, isTold);
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

function nameFirst(ids: Iterable<string>, isTold: (id: string) => boolean) {
  const names: string[] = [];
  let length = 0;
  for (const id of ids) {
    if (!isTold(id)) continue;
    length += id.length;
    if (names.length === MAX_TOLD || length > MAX_TOLD_LENGTH) return { names, hasMore: true };
    names.push(id);
  }
  return { names, hasMore: false };
}
