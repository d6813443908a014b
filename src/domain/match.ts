import { hasEnded } from './job.ts';
import type { Report } from './report.ts';
import { isConfirmed, isReported, isStartRough, joinRuns, type Run, runOf, sluidsOf } from './run.ts';

// A requeued job keeps its id and runs again, and ids wrap around after years: which run a report speaks of is told by
// Slurm's key of the run (SLUID), where both have one, and else by times. Slurm's own are whole seconds, and the same from
// every source; the runs of one job do not overlap.

/** Two times of one second. */
const SAME_MS = 1000;
/** A hook runs this long after the start at most, on a busy controller and behind other hooks. */
const ROUGH_MS = 60_000;
/** The same where the number of restarts says that no other run can be meant: on a node that the job is long in using. */
const ROUGH_SURE_MS = 7 * 24 * 3_600_000;
/** A hook of a node may still be on its way when the job has been cancelled. */
const ROUGH_AFTER_END_MS = 30_000;

/** A run of a job after a report. */
export interface MergedRun {
  readonly run: Run;
  /** The runs known before that it takes the place of: none when it is new, several when they turn out to be one. */
  readonly known: readonly Run[];
  readonly isChanged: boolean;
}

/**
 * The runs of a job after a report, in their order: the last is the latest. Those known before are as many runs as there are:
 * only the newcomer may be one of them, and what it is joined with another one.
 */
export function applyReport(runs: readonly Run[], report: Report): MergedRun[] {
  let changed: MergedRun = { run: runOf(report), known: [], isChanged: true };
  const rest = new Set(runs);
  for (let same = findSame(rest, changed.run); same; same = findSame(rest, changed.run)) {
    rest.delete(same);
    changed = {
      run: joinRuns(same, changed.run),
      known: [same, ...changed.known],
      isChanged: true,
    };
  }
  const others = [...rest].map((run) => ({ run, known: [run], isChanged: false }));
  return orderRuns([...others, changed], ({ run }) => run);
}

/** The one of some runs that a run is the same as; undefined when it is none of them. */
function findSame(known: ReadonlySet<Run>, run: Run): Run | undefined {
  const others = [...known].filter((other) => !differ(other.cluster, run.cluster));
  const sure = others.find((other) => haveSameSluid(other, run) || isResized(other, run));
  if (sure) return sure;
  const possible = others.filter((other) => !haveSluids(other, run)).sort(compareRuns);
  const isLast = lastRunFinder([...known, run]);
  return (
    possible.findLast((other) => isSameStart(other, run)) ??
    possible.findLast((other) => isLaterPart(other, run) || isLaterPart(run, other)) ??
    possible.findLast((other) => hasStarted(other) && hasStarted(run) && isSameRoughly(other, run)) ??
    possible.findLast((other) => isPart(other, run, isLast) || isPart(run, other, isLast)) ??
    possible.findLast((other) => isSameWait(other, run))
  );
}

type IsLast = (run: Run, untilMs: number) => boolean;

/** Tells whether no other run that has started lies between a run and a moment; each moment is looked at once. */
function lastRunFinder(runs: readonly Run[]): IsLast {
  const known = new Map<number, number>();
  function lastPlace(untilMs: number): number {
    let last = known.get(untilMs);
    if (last === undefined) {
      last = -Infinity;
      for (const run of runs)
        if (hasStarted(run) && placeOf(run) <= untilMs) last = Math.max(last, placeOf(run));
      known.set(untilMs, last);
    }
    return last;
  }
  return (run, untilMs) => placeOf(run) >= lastPlace(untilMs);
}

const haveSluids = (one: Run, other: Run): boolean => one.sluid !== undefined && other.sluid !== undefined;

function haveSameSluid(one: Run, other: Run): boolean {
  if (!haveSluids(one, other)) return false;
  const sluids = sluidsOf(other);
  return sluidsOf(one).some((sluid) => sluids.includes(sluid));
}

/**
 * Whether two are parts of a run that changed its size: one ends, or is known to have changed, when the other begins or changed.
 * Accounting of 24.11 gives each part a SLUID of its own and does not tell that of the first.
 */
function isResized(one: Run, other: Run): boolean {
  if (!one.resizedMs && !other.resizedMs) return false;
  const changesOf = ({ resizedMs = [] }: Run) => resizedMs;
  const edgesOf = (run: Run) => [...changesOf(run), ...(isStartRough(run) ? [] : [run.startTimeMs ?? NaN])];
  const [edges, otherEdges] = [edgesOf(one), edgesOf(other)];
  return (
    changesOf(one).some((timeMs) => otherEdges.includes(timeMs)) ||
    changesOf(other).some((timeMs) => edges.includes(timeMs))
  );
}

/**
 * Whether one is what accounting has of the other from a change of its size on, told by the times alone: the record was
 * submitted and started while the other was seen to run.
 */
function isLaterPart(run: Run, part: Run): boolean {
  if (!hasStarted(run) || isStartRough(run) || !hasStarted(part) || isStartRough(part)) return false;
  const isSeenAfter =
    run.resizedMs !== undefined &&
    run.state === 'running' &&
    run.provenance.standingMs >= part.startTimeMs! + SAME_MS;
  return isSeenAfter && part.submitTimeMs === part.startTimeMs && run.startTimeMs! < part.startTimeMs!;
}

/**
 * Runs in their order (`compareRuns`). One that waited when it was last seen comes before a run with a later SLUID, though
 * nobody knows when it started: SLUIDs begin with a time.
 */
export function orderRuns<Item>(items: readonly Item[], runOf: (item: Item) => Run): Item[] {
  const ordered = [...items].sort((one, other) => compareRuns(runOf(one), runOf(other)));
  const lost = ordered.filter((item) => placeOf(runOf(item)) === Infinity && runOf(item).sluid !== undefined);
  for (const item of lost) {
    const { sluid } = runOf(item) as { sluid: string };
    const rest = ordered.filter((other) => other !== item);
    const next = rest.findIndex((other) => (runOf(other).sluid ?? '') > sluid);
    if (next < 0) continue;
    rest.splice(next, 0, item);
    ordered.splice(0, ordered.length, ...rest);
  }
  return ordered;
}

/** Runs by start; one that never started by its end; one that waits comes last. */
function compareRuns(one: Run, other: Run): number {
  const [place, otherPlace] = [placeOf(one), placeOf(other)];
  return place === otherPlace ? 0 : place - otherPlace;
}

const placeOf = ({ startTimeMs, endTimeMs }: Run): number => startTimeMs ?? endTimeMs ?? Infinity;

const differ = <Value>(one: Value | undefined, other: Value | undefined): boolean =>
  one !== undefined && other !== undefined && one !== other;

const hasStarted = ({ startTimeMs }: Run): boolean => startTimeMs !== undefined;

const isSameStart = (one: Run, other: Run): boolean =>
  hasStarted(one) &&
  hasStarted(other) &&
  !isStartRough(one) &&
  !isStartRough(other) &&
  Math.abs(one.startTimeMs! - other.startTimeMs!) < SAME_MS;

/** Whether two starts may be one, of which a hook's own clock has told at least one. */
function isSameRoughly(one: Run, other: Run): boolean {
  const [first, second] = [one, other].sort(compareRuns) as [Run, Run];
  // Only a hook is late.
  if (!isStartRough(second)) {
    return isStartRough(first) && second.startTimeMs! - first.startTimeMs! < SAME_MS;
  }
  const afterEndMs = second.startTimeMs! - (first.endTimeMs ?? Infinity);
  if (afterEndMs <= SAME_MS && isConfirmed(first)) return true;
  const lateMs = second.startTimeMs! - first.startTimeMs!;
  return (
    afterEndMs <= (second.restarts === undefined ? SAME_MS : ROUGH_AFTER_END_MS) &&
    (isConfirmed(first) || lateMs <= mostLateMs(first, second)) &&
    !differ(one.restarts, other.restarts)
  );
}

function mostLateMs(one: Run, other: Run): number {
  // Somebody who posts a job may do so at any time while it runs.
  if (!isReported(one) || !isReported(other)) return Infinity;
  return one.restarts !== undefined && other.restarts !== undefined ? ROUGH_SURE_MS : ROUGH_MS;
}

/** Whether `part`, of which no start is known, is a piece of a run that has started: its wait, or its end. */
function isPart(run: Run, part: Run, isLast: IsLast): boolean {
  if (!hasStarted(run) || hasStarted(part)) return false;
  if (part.endTimeMs !== undefined) {
    // What Slurm itself ended without a start has never started.
    if (isConfirmed(part)) return false;
    // A run that is over takes no key from what ended long after it.
    const isAfter = run.endTimeMs !== undefined && part.endTimeMs - run.endTimeMs > ROUGH_MS;
    if (part.sluid !== undefined && run.sluid === undefined && isConfirmed(run) && isAfter) return false;
    const untilMs = part.endTimeMs + SAME_MS;
    return run.startTimeMs! <= untilMs && isLast(run, untilMs);
  }
  // Something that has no place in time of its own but when it was seen.
  if (part.provenance.standing === 0) {
    return run.startTimeMs! <= part.provenance.standingMs + SAME_MS;
  }
  return (
    run.startTimeMs! >= part.provenance.standingMs - SAME_MS && !differ(run.submitTimeMs, part.submitTimeMs)
  );
}

/** Whether two that have not started, as far as is known, are one. */
function isSameWait(one: Run, other: Run): boolean {
  if (hasStarted(one) || hasStarted(other)) return false;
  const [ended, waiting] = hasEnded(one.state) ? [one, other] : [other, one];
  if (!hasEnded(ended.state)) return true;
  if (differ(one.submitTimeMs, other.submitTimeMs)) return false;
  if (!hasEnded(waiting.state)) return ended.endTimeMs! >= waiting.provenance.standingMs - SAME_MS;
  if (isConfirmed(one) && isConfirmed(other)) return one.endTimeMs === other.endTimeMs;
  return isConfirmed(one) || isConfirmed(other) || Math.abs(one.endTimeMs! - other.endTimeMs!) <= ROUGH_MS;
}
