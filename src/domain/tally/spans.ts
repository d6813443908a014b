// Tallies are kept for spans of several lengths, so that a year of 1,000 users is the sum of some twenty rows
// of each. All times here are in hours since 1970, UTC.

const HOUR_MS = 3_600_000;
export const DAY = 24;

/** Lengths of spans, each a multiple of the one before: an hour, a day, 8 days, 64 days. */
const LENGTHS = [1, DAY, 8 * DAY, 64 * DAY] as const;
/** Ranges begin and end on the hour when they do so within the last two days, otherwise on the day. */
const FINE_HOURS = 2 * DAY;
/** Tallies of hours are kept this long: the day in which a fine range ends may have begun a day earlier. */
const HOURS_KEPT = 4 * DAY;

export interface Span {
  /** Its length. */
  readonly hours: number;
  readonly start: number;
}

/** Spans of one length that follow each other. */
export interface SpanRow {
  readonly hours: number;
  readonly first: number;
  /** Start of the last one. */
  readonly last: number;
}

/** A range of times, from the first hour to the one after the last. */
export interface HourRange {
  readonly from: number;
  readonly to: number;
}

export const hourOf = (timeMs: number): number => Math.floor(timeMs / HOUR_MS);
export const msOfHour = (hour: number): number => hour * HOUR_MS;

/** Returns the hour before which no tallies of hours are kept. */
export const keepHoursFrom = (nowMs: number): number => hourOf(nowMs) - HOURS_KEPT;

/** Returns the spans that an hour lies in, those of hours only from `hoursFrom` on. */
export const spansAt = (hour: number, hoursFrom: number): Span[] =>
  LENGTHS.filter((hours) => hours > 1 || hour >= hoursFrom).map((hours) => ({
    hours,
    start: hour - (hour % hours),
  }));

/** Widens a range of times until tallies can answer it: to whole days, or to whole hours near the present. */
export function widenRange(sinceMs: number, untilMs: number, nowMs: number): HourRange {
  const fineFrom = hourOf(nowMs) - FINE_HOURS;
  const widen = (hour: number, round: (days: number) => number) =>
    hour >= fineFrom ? hour : round(hour / DAY) * DAY;
  return {
    from: widen(hourOf(sinceMs), Math.floor),
    to: widen(Math.ceil(untilMs / HOUR_MS), Math.ceil),
  };
}

/** Widens a range to whole days. */
export const wholeDays = ({ from, to }: HourRange): HourRange => ({
  from: Math.floor(from / DAY) * DAY,
  to: Math.ceil(to / DAY) * DAY,
});

/**
 * Widens a range that ends in the present or later, where nothing ends after it, so that fewer spans cover
 * it: a list of 1,000 users over 30 days adds up 7 spans of each instead of 21.
 */
export function openEnd({ from, to }: HourRange, nowMs: number): HourRange {
  const longest = LENGTHS.at(-1)!;
  return { from, to: to > hourOf(nowMs) ? Math.ceil(to / longest) * longest : to };
}

/** Covers a widened range with as few spans as possible. */
export function coverRange({ from, to }: HourRange, level = 0): SpanRow[] {
  const hours = LENGTHS[level]!;
  const longer = LENGTHS[level + 1];
  const row = (first: number, end: number): SpanRow[] =>
    first < end ? [{ hours, first, last: end - hours }] : [];
  if (longer === undefined) return row(from, to);
  const [innerFrom, innerTo] = [Math.ceil(from / longer) * longer, Math.floor(to / longer) * longer];
  if (innerFrom >= innerTo) return row(from, to);
  return [
    ...row(from, innerFrom),
    ...coverRange({ from: innerFrom, to: innerTo }, level + 1),
    ...row(innerTo, to),
  ];
}

/** Spans to be added up, and spans within them to be taken away. */
export interface SignedSpans {
  readonly added: readonly SpanRow[];
  readonly taken: readonly SpanRow[];
}

const countSpans = ({ added, taken }: SignedSpans): number =>
  [...added, ...taken].reduce((sum, { hours, first, last }) => sum + (last - first) / hours + 1, 0);

/**
 * Covers whole days with fewer spans than `coverRange`: a range that begins early in a longer span is that
 * span without its first part. Exact, because tallies are whole numbers.
 */
export function coverDays(range: HourRange, level = 1): SignedSpans {
  const plain = { added: coverRange(range, level), taken: [] };
  const less = coverWithLess(range, level);
  return less && countSpans(less) < countSpans(plain) ? less : plain;
}

/** Covers a range by longer spans that go beyond it where that takes fewer; undefined if there are none. */
function coverWithLess({ from, to }: HourRange, level: number): SignedSpans | undefined {
  const hours = LENGTHS[level]!;
  const longer = LENGTHS[level + 1];
  if (longer === undefined) return undefined;
  const down = (hour: number) => Math.floor(hour / longer) * longer;
  const up = (hour: number) => Math.ceil(hour / longer) * longer;
  const isBeginTaken = from - down(from) < up(from) - from;
  const isEndTaken = up(to) - to < to - down(to);
  const inner = { from: isBeginTaken ? down(from) : up(from), to: isEndTaken ? up(to) : down(to) };
  if (inner.from >= inner.to) return undefined;
  const { added, taken } = coverDays(inner, level + 1);
  const row = (isWanted: boolean, first: number, end: number): SpanRow[] =>
    isWanted && first < end ? [{ hours, first, last: end - hours }] : [];
  return {
    added: [...row(!isBeginTaken, from, inner.from), ...added, ...row(!isEndTaken, inner.to, to)],
    taken: [...taken, ...row(isBeginTaken, inner.from, from), ...row(isEndTaken, to, inner.to)],
  };
}
