import { hasEnded } from './job.ts';
import { joinRuns } from './join.ts';
import type { Report } from './report.ts';
import { type Run, runOf, sluidsOf } from './run.ts';
import { isConfirmed, isReported, isStartRough } from './trust.ts';

// A requeued job keeps its id and runs again, and ids are given again after years. Which run a report is
// about follows from Slurm's key of the run (SLUID) where both have one, and else from times: Slurm's own are
// whole seconds and the same from every source, and the runs of one job do not overlap. docs/runs.md draws
// each case on a time line.

/** Slurm's own times of one moment differ by less. */
const SAME_MS = 1000;
/** A hook runs at most this long after the start: on a busy controller, behind other hooks. */
const CLOCK_MS = 60_000;
/** The same where the numbers of restarts rule out any other run: a node may be used long after the start. */
const CLOCK_SURE_MS = 7 * 24 * 3_600_000;
/** The hook of a node may still be on its way when the job has been cancelled. */
const CLOCK_AFTER_END_MS = 30_000;

/** A run of a job after a report. */
export interface MergedRun {
  readonly run: Run;
  /**
   * The runs known before that are one with it: none if it
   * is new, several if they turned out to be the same run.
   */
  readonly known: readonly Run[];
  readonly isChanged: boolean;
}

/**
 * Returns the runs of a job after a report, in order; the last one is the latest. The runs known before are
 * distinct, so only the report can be the same as one of them, and what it is joined to the same as another.
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

type IsLast = (run: Run, untilMs: number) => boolean;
type Match = (one: Run, other: Run, isLast: IsLast) => boolean;

/** Ways in which two runs without SLUIDs in common can be one, the surest first. */
const MATCHES: readonly Match[] = [
  haveSameStart,
  (one, other) => isSeenBeforeResize(one, other) || isSeenBeforeResize(other, one),
  haveSameRoughStart,
  (one, other, isLast) => isPartOf(one, other, isLast) || isPartOf(other, one, isLast),
  haveSameWait,
];

/** Returns the known run that a run is the same as; undefined if it is a new one. */
function findSame(known: ReadonlySet<Run>, run: Run): Run | undefined {
  const others = [...known].filter((other) => !differ(other.cluster, run.cluster));
  const sure = others.find((other) => haveCommonSluid(other, run) || haveCommonResize(other, run));
  if (sure) return sure;
  const possible = others.filter((other) => !haveSluids(other, run)).sort(compareRuns);
  if (possible.length === 0) return undefined;
  const isLast = lastRunFinder([...known, run]);
  for (const isSame of MATCHES) {
    const same = possible.findLast((other) => isSame(other, run, isLast));
    if (same) return same;
  }
  return undefined;
}

/** Returns whether no other started run lies between a run and a moment. Each moment is computed once. */
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

/** Case 1, SLUID: both have one, and one in common. */
function haveCommonSluid(one: Run, other: Run): boolean {
  if (!haveSluids(one, other)) return false;
  const sluids = sluidsOf(other);
  return sluidsOf(one).some((sluid) => sluids.includes(sluid));
}

/**
 * Case 2, resize: one was resized when the other starts or was resized. sacct 24.11 gives each part of a
 * resized run its own SLUID and does not name that of the first.
 */
function haveCommonResize(one: Run, other: Run): boolean {
  if (!one.resizedMs && !other.resizedMs) return false;
  const resizesOf = ({ resizedMs = [] }: Run) => resizedMs;
  const edgesOf = (run: Run) => [...resizesOf(run), ...(isStartRough(run) ? [] : [run.startTimeMs ?? NaN])];
  const [edges, otherEdges] = [edgesOf(one), edgesOf(other)];
  return (
    resizesOf(one).some((timeMs) => otherEdges.includes(timeMs)) ||
    resizesOf(other).some((timeMs) => edges.includes(timeMs))
  );
}

/** Case 3, same start: both by Slurm's own clock, in the same second. */
function haveSameStart(one: Run, other: Run): boolean {
  return (
    hasStarted(one) &&
    hasStarted(other) &&
    !isStartRough(one) &&
    !isStartRough(other) &&
    Math.abs(one.startTimeMs! - other.startTimeMs!) < SAME_MS
  );
}

/**
 * Case 4, later part: accounting has a record that was submitted and started at one moment, while squeue saw
 * the run, which it knows to have been resized, run on.
 */
function isSeenBeforeResize(run: Run, part: Run): boolean {
  if (!hasStarted(run) || isStartRough(run) || !hasStarted(part) || isStartRough(part)) return false;
  const isSeenAfter =
    run.resizedMs !== undefined &&
    run.state === 'running' &&
    run.provenance.verdictMs >= part.startTimeMs! + SAME_MS;
  return isSeenAfter && part.submitTimeMs === part.startTimeMs && run.startTimeMs! < part.startTimeMs!;
}

/** Case 5, rough start: at least one start is by a hook's own clock, which is late and never early. */
function haveSameRoughStart(one: Run, other: Run): boolean {
  if (!hasStarted(one) || !hasStarted(other)) return false;
  const [first, second] = [one, other].sort(compareRuns) as [Run, Run];
  if (!isStartRough(second)) {
    return isStartRough(first) && second.startTimeMs! - first.startTimeMs! < SAME_MS;
  }
  const afterEndMs = second.startTimeMs! - (first.endTimeMs ?? Infinity);
  if (afterEndMs <= SAME_MS && isConfirmed(first)) return true;
  const lateMs = second.startTimeMs! - first.startTimeMs!;
  return (
    afterEndMs <= (second.restarts === undefined ? SAME_MS : CLOCK_AFTER_END_MS) &&
    (isConfirmed(first) || lateMs <= maxLateMs(first, second)) &&
    !differ(one.restarts, other.restarts)
  );
}

/** Returns how much later than the start a hook's clock can be. */
function maxLateMs(one: Run, other: Run): number {
  // A client of the API may post a job at any time while it runs.
  if (!isReported(one) || !isReported(other)) return Infinity;
  return one.restarts !== undefined && other.restarts !== undefined ? CLOCK_SURE_MS : CLOCK_MS;
}

/**
 * Case 6, part: `part`, whose start is unknown, is the end of a started run, a word about it, or its wait.
 */
function isPartOf(run: Run, part: Run, isLast: IsLast): boolean {
  if (!hasStarted(run) || hasStarted(part)) return false;
  if (part.endTimeMs !== undefined) return isEndOf(run, part, isLast);
  if (part.provenance.verdict === 'none') return isSaidOf(run, part);
  return isWaitOf(run, part);
}

/** Case 6a, end: the run is the last one that had started by then. */
function isEndOf(run: Run, part: Run, isLast: IsLast): boolean {
  // A run that Slurm itself ended without a start has never started.
  if (isConfirmed(part)) return false;
  // An end long after the end of a run does not give it its SLUID.
  const isAfter = run.endTimeMs !== undefined && part.endTimeMs! - run.endTimeMs > CLOCK_MS;
  if (part.sluid !== undefined && run.sluid === undefined && isConfirmed(run) && isAfter) return false;
  const untilMs = part.endTimeMs! + SAME_MS;
  return run.startTimeMs! <= untilMs && isLast(run, untilMs);
}

/** Case 6b, report without a state: the run had started when it was made. */
const isSaidOf = (run: Run, part: Run): boolean => run.startTimeMs! <= part.provenance.verdictMs + SAME_MS;

/** Case 6c, wait: the run started after the job was last seen pending. */
const isWaitOf = (run: Run, part: Run): boolean =>
  run.startTimeMs! >= part.provenance.verdictMs - SAME_MS && !differ(run.submitTimeMs, part.submitTimeMs);

/** Case 7, same wait: neither is known to have started. */
function haveSameWait(one: Run, other: Run): boolean {
  if (hasStarted(one) || hasStarted(other)) return false;
  const [ended, waiting] = hasEnded(one.state) ? [one, other] : [other, one];
  if (!hasEnded(ended.state)) return true;
  if (differ(one.submitTimeMs, other.submitTimeMs)) return false;
  if (!hasEnded(waiting.state)) return ended.endTimeMs! >= waiting.provenance.verdictMs - SAME_MS;
  if (isConfirmed(one) && isConfirmed(other)) return one.endTimeMs === other.endTimeMs;
  return isConfirmed(one) || isConfirmed(other) || Math.abs(one.endTimeMs! - other.endTimeMs!) <= CLOCK_MS;
}

/**
 * Returns runs in order: by start, one that never started by its end, pending ones last. A run that was
 * pending when last seen comes before the runs with later SLUIDs although its start is unknown, because a
 * SLUID begins with a time.
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

function compareRuns(one: Run, other: Run): number {
  const [place, otherPlace] = [placeOf(one), placeOf(other)];
  return place === otherPlace ? 0 : place - otherPlace;
}

const placeOf = ({ startTimeMs, endTimeMs }: Run): number => startTimeMs ?? endTimeMs ?? Infinity;

const differ = <Value>(one: Value | undefined, other: Value | undefined): boolean =>
  one !== undefined && other !== undefined && one !== other;

const hasStarted = ({ startTimeMs }: Run): boolean => startTimeMs !== undefined;
