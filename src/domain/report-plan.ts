import { reportWithoutUser } from './errors.ts';
import { applyReport, type MergedRun } from './match.ts';
import { type Change, isChangedQuietly, newsOf, type PlannedEvent, replacedBy } from './news.ts';
import type { Report } from './report.ts';
import type { Run } from './run.ts';
import type { Owner } from './sight.ts';
import { type Tally, tallyRun } from './throughput.ts';
import { compareVerdicts } from './trust.ts';

/** A run as an engine stores it; the engine adds its own key. */
export interface KnownRun {
  readonly run: Run;
  /** Stored as the job itself, where lists find it; the others are earlier runs. */
  readonly isLatest: boolean;
}

/** A run to be stored. */
export interface RunWrite<Stored extends KnownRun> {
  readonly run: Run;
  /** The stored run that it replaces and whose samples it inherits; undefined for a new run. */
  readonly replaces: Stored | undefined;
  /** Other earlier runs that turned out to be the same one: to be deleted; it inherits their samples. */
  readonly joins: readonly Stored[];
}

/** What an engine writes to carry out a report, all in one transaction. */
export interface ReportPlan<Stored extends KnownRun> {
  /** The job counts as created. */
  readonly isNewJob: boolean;
  /**
   * The latest run before, if the job may come to have other runs: the first event must be complete before
   * its row changes, in an engine that derives that event from the row.
   */
  readonly leaves: Stored | undefined;
  /** Earlier runs to store first. One that replaces the latest run moves, and its samples stay with it. */
  readonly past: readonly RunWrite<Stored>[];
  /** The latest run, if it changes. It has a user. */
  readonly latest: RunWrite<Stored> | undefined;
  readonly tally: Tally;
  readonly event: PlannedEvent | undefined;
}

/**
 * Decides what a report changes. `known` are the runs of the job that the report may be about, the latest
 * among them, and empty only for an unknown job. Returns undefined if the report says nothing new. Throws
 * `validation_error` if no source names the user of the job.
 */
export function planReport<Stored extends KnownRun>(
  known: readonly Stored[],
  report: Report,
): ReportPlan<Stored> | undefined {
  const stored = new Map<Run, Stored>(known.map((one) => [one.run, one]));
  const merged = applyReport([...stored.keys()], report);
  const changed = merged.find(({ isChanged }) => isChanged)!;
  const before = changed.known[0];
  const news = newsOf(before, changed.run);
  const isNews = Object.keys(news).length > 0 || changed.known.length !== 1;
  if (!isNews && !isSurer(before, changed.run) && !isChangedQuietly(before, changed.run)) return undefined;

  const runs = withUser(merged, report.id);
  const isNewJob = known.length === 0;
  const isOnlyRun = known.length === 1 && runs.length === 1 && changed.known.length === 1;
  const owner = isNewJob || isOnlyRun ? undefined : ownerOf(runs.find(({ isChanged }) => isChanged)!.run);
  return {
    ...planRuns(runs, stored),
    isNewJob,
    leaves: isOnlyRun ? undefined : known.find(({ isLatest }) => isLatest),
    tally: tallyRun(changed.known, changed.run, report.observedMs),
    event: isNews
      ? { ...planEvent(report, news, isNewJob ? undefined : { ...before }), ...(owner && { owner }) }
      : undefined,
  };
}

const ownerOf = ({ user, account }: Run): Owner => ({ user, account });

const isSurer = (before: Run | undefined, { provenance }: Run): boolean =>
  compareVerdicts(provenance.verdict, before?.provenance.verdict ?? 'none') > 0;

/** Decides which runs are written: those that changed, and those that become the latest or cease to be it. */
function planRuns<Stored extends KnownRun>(
  runs: readonly MergedRun[],
  stored: ReadonlyMap<Run, Stored>,
): Pick<ReportPlan<Stored>, 'past' | 'latest'> {
  const last = runs.at(-1)!;
  const past: RunWrite<Stored>[] = [];
  let latest: RunWrite<Stored> | undefined;
  for (const one of runs) {
    const [replaces, ...joins] = one.known
      .map((run) => stored.get(run)!)
      .sort((first, second) => Number(second.isLatest) - Number(first.isLatest));
    const isInPlace = replaces?.isLatest === (one === last);
    if (isInPlace && !one.isChanged) continue;
    if (one === last) latest = { run: one.run, replaces, joins };
    else past.push({ run: one.run, replaces, joins });
  }
  return { past, latest };
}

/** Returns the runs, the latest with a user: all runs of a job have the same. */
function withUser(merged: readonly MergedRun[], id: string): readonly MergedRun[] {
  const latest = merged.at(-1)!;
  if (latest.run.user !== undefined) return merged;
  const user = merged.findLast(({ run }) => run.user !== undefined)?.run.user;
  if (user === undefined) throw reportWithoutUser(id);
  return merged.with(-1, { ...latest, run: { ...latest.run, user } });
}

/** Plans the event. Each node of a job has its own hook, so the event shows only the node that reported. */
function planEvent(
  { observedMs, source, allocations }: Report,
  news: Change,
  before: Readonly<Record<string, unknown>> | undefined,
): PlannedEvent {
  const change = allocations && news.allocations ? { ...news, allocations } : news;
  return { timeMs: observedMs, source, change, was: before && replacedBy(change, before) };
}
