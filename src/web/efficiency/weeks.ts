import type { TallyRowAnswer } from '../../api/tally-list.ts';
import type { Amount } from './amounts.ts';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** The first Monday since 1970. */
const MONDAY_MS = 4 * DAY_MS;

/** What jobs held that ended within a week (UTC). */
export interface Week {
  /** Its Monday as 2026-01-19. */
  readonly start: string;
  /** The Monday after it. */
  readonly end: string;
  readonly jobs: number;
  readonly held: number;
  readonly measured: number;
  readonly used: number;
}

const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 'YYYY-MM-DD'.length);

/** Returns the start of the week (Monday, UTC) of a time. */
export const weekOf = (timeMs: number): number =>
  Math.floor((timeMs - MONDAY_MS) / WEEK_MS) * WEEK_MS + MONDAY_MS;

/** Sums days into the `count` weeks up to that of `nowMs`, in order; a week without jobs has zeros. */
export function sumWeeks(
  days: readonly TallyRowAnswer[],
  field: Amount['field'],
  { nowMs, count }: { nowMs: number; count: number },
): Week[] {
  const lastMs = weekOf(nowMs);
  const byWeek = Map.groupBy(days, ({ name }) => weekOf(Date.parse(name!)));
  return Array.from({ length: count }, (_, index) => {
    const startMs = lastMs - (count - 1 - index) * WEEK_MS;
    const rows = byWeek.get(startMs) ?? [];
    const sum = (figureOf: (row: TallyRowAnswer) => number | undefined) =>
      rows.reduce((total, row) => total + (figureOf(row) ?? 0), 0);
    return {
      ...{ start: dayOf(startMs), end: dayOf(startMs + WEEK_MS) },
      jobs: sum(({ jobs }) => jobs),
      held: sum((row) => row[field]?.held),
      measured: sum((row) => row[field]?.measured),
      used: sum((row) => row[field]?.used),
    };
  });
}
