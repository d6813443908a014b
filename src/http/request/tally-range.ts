import { invalid } from '../../domain/errors.ts';
import type { TallyFilter } from '../../domain/store/tallies.ts';
import { type HourRange, wholeDays, widenRange } from '../../domain/tally/spans.ts';
import type { readQuery } from './query.ts';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;

type Query = ReturnType<typeof readQuery>;

/** Reads `since` and `until`: the last 30 days if neither is given. Throws `validation_error`. */
export function readTimes(query: Query, nowMs: number): { sinceMs: number; untilMs: number } {
  const untilMs = query.time('until') ?? nowMs;
  const sinceMs = query.time('since') ?? untilMs - DEFAULT_DAYS * DAY_MS;
  if (sinceMs > untilMs) throw invalid('since must not be after until.');
  return { sinceMs, untilMs };
}

/** Returns the range of tallies around two times; what is kept by the day alone needs whole days. */
export function tallyRange(sinceMs: number, untilMs: number, nowMs: number, isByDay: boolean): HourRange {
  const range = widenRange(sinceMs, untilMs, nowMs);
  return isByDay ? wholeDays(range) : range;
}

/** Reads what runs are selected by. */
export const readTallyFilter = (query: Query): TallyFilter => ({
  user: query.identity('user'),
  account: query.identity('account'),
  partition: query.identity('partition'),
});
