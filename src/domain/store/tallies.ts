import type { Severity } from '../finding/severity.ts';
import type { HourRange } from '../tally/spans.ts';
import type { HeldTally, Tally } from '../tally/tally.ts';

export const TALLY_GROUPS = ['user', 'account', 'partition', 'day'] as const;
export type TallyGroup = (typeof TALLY_GROUPS)[number];

/** Selects runs by what they are tallied by; names are compared whole. */
export interface TallyFilter {
  readonly user?: string | undefined;
  readonly account?: string | undefined;
  readonly partition?: string | undefined;
}

/** A range of `widenRange`, and of whole days to group by day. */
export interface TallyQuery extends TallyFilter, HourRange {
  readonly groupBy: TallyGroup;
}

export interface TallyRow {
  /** The user, account, partition or node, or the day as `2026-01-20`; absent for runs without one. */
  readonly name?: string;
  readonly tally: Tally;
}

/** As `TallyRow`, of a node: what was held and used on it. */
export interface HeldRow {
  readonly name?: string;
  readonly tally: HeldTally;
}

/** How many runs ended with findings of a kind and severity. */
export interface FindingCount {
  readonly kind: string;
  readonly severity: Severity;
  readonly runs: number;
}

/** A user or an account. */
export type Holder = { readonly user: string } | { readonly account: string };

/** What a user or an account has now. */
export interface Holdings {
  readonly running: number;
  readonly pending: number;
  /** Held by running jobs; absent if none of them says. */
  readonly cpus?: number;
  readonly gpus?: number;
  readonly memoryMb?: number;
}

/**
 * What ended runs held and used, by the hour (UTC) of their end. A run is tallied within a minute or two of
 * its end, and again when its samples are sealed, about an hour later; a correction takes the old figures
 * away and adds the new ones. Runs of deleted jobs stay tallied. See `Store` for the promises of all
 * methods.
 */
export interface TallyStore {
  /**
   * Sums tallies by user, account, partition or day, in no order; a group without runs has no row. Costs the
   * same for any number of jobs.
   */
  sumTallies(query: TallyQuery, signal?: AbortSignal): Promise<TallyRow[]>;

  /**
   * Sums what ended runs held and used on each node, over whole days, in no order. A run on more than 1,000
   * nodes is left out. Rejects with `forbidden` for those who do not see all jobs, because whose runs a node
   * had is not known.
   */
  sumNodeTallies(range: HourRange, signal?: AbortSignal): Promise<HeldRow[]>;

  /**
   * Counts ended runs by what rules found of them, in no order; a run counts once for each of its findings.
   * Runs of deleted jobs stay counted.
   */
  sumFindings(query: TallyFilter & HourRange, signal?: AbortSignal): Promise<FindingCount[]>;

  /** Tells whether many jobs are still to be tallied: during an import, or after it. */
  areTalliesBehind(): Promise<boolean>;

  /** Counts running jobs by what rules find of them now, as `sumFindings` does ended ones, in no order. */
  sumRunningFindings(filter: TallyFilter, signal?: AbortSignal): Promise<FindingCount[]>;

  /**
   * Counts the running and pending jobs of a user or an account. Rejects with `not_found` if no job was ever
   * theirs.
   */
  countHoldings(holder: Holder, signal?: AbortSignal): Promise<Holdings>;
}
