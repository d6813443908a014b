import type { Database } from 'bun:sqlite';
import { AppError, reportWithoutUser } from '../../../domain/errors.ts';
import { applyReport, type MergedRun } from '../../../domain/match.ts';
import type { Report } from '../../../domain/report.ts';
import { diffRuns, isChangedQuietly, type Run } from '../../../domain/run.ts';
import { type BatchResult, MAX_REFUSALS, type Refusal } from '../../../domain/store/batch.ts';
import type { JobEvent } from '../../../domain/store/runs.ts';
import { eventWriter } from '../jobs/events.ts';
import type { Place } from '../jobs/latest-run.ts';
import type { JobRows } from '../jobs/row.ts';
import { nearRunReader } from './near.ts';
import { pastRunWriter } from './past.ts';

/** Takes up what schedulers say of jobs, inside the transaction of the group. */
export function reportWriter(db: Database, rows: JobRows) {
  const readRuns = nearRunReader(db);
  const past = pastRunWriter(db);
  const events = eventWriter(db);

  /** Saves the latest run of a job where it was before, or as a new row. */
  function saveLatest(id: string, run: Run, place: Place | undefined, isNewJob: boolean): void {
    const fields = fieldsOf(run);
    const { user: _u, nodes: _n, state: _s, startTimeMs: _b, endTimeMs: _e, provenance, ...details } = run;
    const detail = { details, provenance };
    if (place?.isLatest) {
      rows.update(place.seq, fields, { areNodesSame: sameNodes(place.run, run), detail });
      return;
    }
    const seq = place && place.seq > 0 ? place.seq : undefined;
    // A job that is known is the same job, which runs again.
    rows.insert(id, fields, { isNewJob, seq, detail });
    if (place) past.delete(place.seq);
  }

  /** Saves an earlier run; one that was the latest until now moves, and its samples stay with it. */
  function savePast(id: string, run: Run, place: Place | undefined, toldMs: number): void {
    past.save(place?.seq, id, run, toldMs);
    if (place?.isLatest) rows.remove(place.seq);
  }

  function save(
    { id, observedMs }: Report,
    merged: readonly MergedRun[],
    places: ReadonlyMap<Run, Place>,
  ): void {
    const placesOf = ({ known }: MergedRun) =>
      known
        .map((run) => places.get(run)!)
        .sort((one, other) => Number(other.isLatest) - Number(one.isLatest));
    const latest = merged.at(-1)!;
    // The earlier ones first: the id is free for the latest then.
    for (const one of merged) {
      const [place, ...superfluous] = placesOf(one);
      const isInPlace = place?.isLatest === (one === latest);
      for (const { seq } of superfluous) past.delete(seq);
      if (isInPlace && !one.isChanged) continue;
      if (one === latest) saveLatest(id, one.run, place, places.size === 0);
      else savePast(id, one.run, place, observedMs);
    }
  }

  /** Whether the report said anything new. */
  function apply(report: Report): boolean {
    const places = readRuns(report);
    const merged = applyReport([...places.keys()], report);
    const touched = merged.find(({ isChanged }) => isChanged)!;
    const before = touched.known[0];
    const change = diffRuns(before, touched.run);
    const isNews = Object.keys(change).length > 0 || touched.known.length !== 1;
    const isSurer = touched.run.provenance.standing > (before?.provenance.standing ?? 0);
    if (!isNews && !isSurer && !isChangedQuietly(before, touched.run)) return false;
    const runs = named(merged, report.id);
    const isOnlyRun = places.size === 1 && merged.length === 1 && touched.known.length === 1;
    if (places.size > 0 && !isOnlyRun) events.completeFirst(report.id, latestOf(places));
    save(report, runs, places);
    rows.noteFlow(touched.known, touched.run, report.observedMs);
    if (!isNews) return true;
    if (places.size === 0) events.writeFirst(report.id, eventOf(report, change));
    else events.write(report.id, eventOf(report, change), { ...before });
    return true;
  }

  function attempt(report: Report): Outcome {
    try {
      return { kind: apply(report) ? 'stored' : 'repeated' };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { kind: 'refused', error: error.code as Refusal['error'], message: error.message };
    }
  }

  return {
    record(reports: readonly Report[]): BatchResult {
      const outcomes = reports.map(attempt);
      const count = (wanted: Outcome['kind']) => outcomes.filter(({ kind }) => kind === wanted).length;
      const refusals = outcomes.flatMap((outcome, index) =>
        outcome.kind === 'refused' ? [{ index, error: outcome.error, message: outcome.message }] : [],
      );
      return {
        stored: count('stored'),
        repeated: count('repeated'),
        refused: refusals.length,
        refusals: refusals.slice(0, MAX_REFUSALS),
      };
    },
  };
}

type Outcome =
  | { readonly kind: 'stored' | 'repeated' }
  | { readonly kind: 'refused'; readonly error: Refusal['error']; readonly message: string };

/** What a report changed. A job of many nodes has as many hooks, each of which tells of its own node. */
function eventOf({ observedMs, source, allocations }: Report, change: JobEvent['change']): JobEvent {
  const said = allocations && change.allocations ? { allocations } : {};
  return { timeMs: observedMs, source, change: { ...change, ...said } };
}

/** The run that the lists show. */
const latestOf = (places: ReadonlyMap<Run, Place>): Place =>
  [...places.values()].find(({ isLatest }) => isLatest)!;

/** The runs, the latest with a user: all runs of a job have the same. */
function named(merged: readonly MergedRun[], id: string): MergedRun[] {
  const latest = merged.at(-1)!;
  const user = latest.run.user ?? merged.findLast(({ run }) => run.user !== undefined)?.run.user;
  if (user === undefined) {
    throw reportWithoutUser(id);
  }
  return merged.with(-1, { ...latest, run: { ...latest.run, user } });
}

function fieldsOf({ user, nodes = [], state, startTimeMs, endTimeMs, submitTimeMs, provenance }: Run) {
  return {
    user: user!,
    nodes,
    state,
    startTimeMs: startTimeMs ?? submitTimeMs ?? endTimeMs ?? provenance.standingMs,
    hasStarted: startTimeMs !== undefined,
    endTimeMs,
  };
}

const sameNodes = ({ nodes = [] }: Run, { nodes: others = [] }: Run): boolean =>
  nodes.length === others.length && nodes.every((node, index) => node === others[index]);
