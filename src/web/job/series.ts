// Readings of the API as columns for a plot. Pure.

/** A row of GET /v1/jobs/{id}/metrics: a sample, or a point with `summary`, with the wanted fields. */
export type Row = Readonly<Record<string, unknown>> & {
  readonly timestamp: string;
  readonly summary?: { readonly seconds: number } | undefined;
};

/** One line of a plot, and where its values are. */
export interface Curve {
  readonly label: string;
  readonly rows: readonly Row[];
  /** Fields that are added up; a row that lacks the first has no value. */
  readonly fields: readonly string[];
  /** The fields count up: draws how much they grow in a second. */
  readonly isRate?: boolean;
}

export interface PlotData {
  /** Seconds since 1970, ascending. */
  readonly times: number[];
  /** One column a line; null in a gap, undefined where only other lines have a reading. */
  readonly columns: (number | null | undefined)[][];
}

/** A time without readings is a gap if it is this many times as long as those before and after it, */
const GAP_FACTOR = 2.5;
/** or this many times as long as is usual: a lone reading may stand between two gaps. */
const LONG_FACTOR = 30;

/**
 * Aligns several lines at common times. A null stands in each gap, so that it is never drawn as a line;
 * undefined, where only other lines have a reading, is drawn across.
 */
export function alignCurves(curves: readonly Curve[]): PlotData {
  const byLine = curves.map(valuesOf);
  const times = [...new Set(byLine.flatMap((values) => [...values.keys()]))].sort(
    (one, other) => one - other,
  );
  return {
    times: times.map((timeMs) => timeMs / 1000),
    columns: byLine.map((values) => times.map((timeMs) => values.get(timeMs))),
  };
}

/** A stretch of time, in milliseconds since 1970. */
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Returns the times within a span in which no line has a reading for longer than usual. */
export function gapsOf(lines: readonly (readonly Row[])[], span: Span): Span[] {
  const covered = lines.flatMap(coveredBy).sort((one, other) => one.fromMs - other.fromMs);
  const gaps: Span[] = [];
  let knownMs = span.fromMs;
  for (const { fromMs, toMs } of covered) {
    if (fromMs > knownMs) gaps.push({ fromMs: knownMs, toMs: Math.min(fromMs, span.toMs) });
    knownMs = Math.max(knownMs, toMs);
  }
  if (knownMs < span.toMs) gaps.push({ fromMs: knownMs, toMs: span.toMs });
  return gaps.filter((gap) => gap.toMs > gap.fromMs);
}

/** Returns the times that the readings of a line stand for; at its ends they reach one usual step further. */
function coveredBy(rows: readonly Row[]): Span[] {
  const times = rows.map(middleOf);
  const isBeforeGap = gapFinder(times);
  const usualMs = GAP_FACTOR * usualStepOf(times);
  const covered: Span[] = [];
  let fromMs = (times[0] ?? 0) - usualMs;
  for (const [place, timeMs] of times.entries()) {
    const isLast = place === times.length - 1;
    if (!isLast && !isBeforeGap(place)) continue;
    covered.push({ fromMs, toMs: isLast ? timeMs + usualMs : timeMs });
    fromMs = times[place + 1] ?? timeMs;
  }
  return covered;
}

/** Whether anything was measured that a line could be drawn of. */
export const isMeasured = ({ rows, fields }: Curve): boolean =>
  rows.some((row) => typeof row[fields[0]!] === 'number');

/** Returns the values by time, with a null in the middle of each gap. */
function valuesOf(curve: Curve): Map<number, number | null> {
  const { rows } = curve;
  const times = rows.map(middleOf);
  const sums = rows.map((row) => sumOf(row, curve.fields));
  const isBeforeGap = gapFinder(times);
  const values = new Map<number, number | null>();
  for (const [place, timeMs] of times.entries()) {
    values.set(timeMs, curve.isRate ? growthAt({ rows, times, sums, isBeforeGap }, place) : sums[place]!);
    if (isBeforeGap(place)) values.set((timeMs + times[place + 1]!) / 2, null);
  }
  return values;
}

interface Readings {
  readonly rows: readonly Row[];
  readonly times: readonly number[];
  readonly sums: readonly (number | null)[];
  readonly isBeforeGap: (place: number) => boolean;
}

function sumOf(row: Row, fields: readonly string[]): number | null {
  if (typeof row[fields[0]!] !== 'number') return null;
  return fields.reduce((sum, field) => sum + (typeof row[field] === 'number' ? row[field] : 0), 0);
}

/**
 * A point has the counter of its last sample, whose time within the span is not known; over several points
 * that matters little.
 */
const POINTS_OF_RATE = 6;

/** Growth a second; unknown at first, over a gap, and where a counter began anew. */
function growthAt({ rows, times, sums, isBeforeGap }: Readings, place: number): number | null {
  const from = rows[place]!.summary ? place - POINTS_OF_RATE : place - 1;
  const [before, now] = [sums[from], sums[place]];
  if (typeof before !== 'number' || typeof now !== 'number' || now < before) return null;
  for (let step = from; step < place; step++) if (isBeforeGap(step)) return null;
  return (1000 * (now - before)) / (times[place]! - times[from]!);
}

/**
 * Returns a function that tells whether a gap follows a reading. It judges by the times around, because a job
 * may be measured at other intervals than before.
 */
function gapFinder(times: readonly number[]): (place: number) => boolean {
  const longMs = LONG_FACTOR * usualStepOf(times);
  const spanAt = (from: number) => (times[from + 1] ?? Number.NaN) - (times[from] ?? Number.NaN);
  return (place) => {
    const span = spanAt(place);
    const around = [spanAt(place - 1), spanAt(place + 1)].filter((one) => !Number.isNaN(one));
    return around.length > 0 && (span > longMs || span > GAP_FACTOR * Math.max(...around));
  };
}

/** The median of the times between readings; 0 if there are none. */
function usualStepOf(times: readonly number[]): number {
  const steps = times.slice(1).map((timeMs, place) => timeMs - times[place]!);
  return steps.sort((one, other) => one - other)[steps.length >> 1] ?? 0;
}

/** A point stands for its span, so that it belongs in the middle. */
const middleOf = ({ timestamp, summary }: Row): number =>
  Date.parse(timestamp) + (summary ? 500 * summary.seconds : 0);
