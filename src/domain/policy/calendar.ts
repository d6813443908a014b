// Days as a site lives them. Intl knows the time zones.

/** A day and hour at a place. */
export interface LocalTime {
  /** Such as 2026-12-24. */
  readonly date: string;
  readonly hour: number;
  /** 1 is Monday, 7 is Sunday. */
  readonly weekday: number;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const DAY_MS = 86_400_000;
/** The samples of a job that has ended are sealed within an hour, and only then is it judged for good. */
const JUDGED_MS = 3_600_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', hourCycle: 'h23', weekday: 'short' },
  });
  formats.set(timeZone, format);
  return format;
}

/** Returns whether there is a time zone of this name. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** Returns the local day and hour of a time. */
export function localTime(timeMs: number, timeZone: string): LocalTime {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(timeMs)
      .map(({ type, value }) => [type, value]),
  );
  return {
    date: `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`,
    hour: Number(parts.get('hour')),
    weekday: 1 + WEEKDAYS.indexOf(parts.get('weekday')!),
  };
}

interface Calendar {
  readonly timeZone: string;
  readonly holidays: readonly string[];
}

/** Returns whether people work on the day of a time: no weekend, and no holiday. */
export function isWorkday(timeMs: number, { timeZone, holidays }: Calendar): boolean {
  const { date, weekday } = localTime(timeMs, timeZone);
  return weekday <= 5 && !holidays.includes(date);
}

/**
 * Returns the week whose digest is due at a time: the seven days (UTC) before the latest day `weekday`, once
 * its `hour` has come by the clock of the site, and an hour has passed since they ended.
 */
export function weekOfDigest(
  timeMs: number,
  { timeZone, weekday, hour }: { timeZone: string; weekday: number; hour: number },
): { readonly sinceMs: number; readonly untilMs: number } {
  const local = localTime(timeMs, timeZone);
  const daysSince = (local.weekday - weekday + 7) % 7;
  const dayMs = Date.parse(`${local.date}T00:00:00Z`) - daysSince * DAY_MS;
  const isDue = (daysSince > 0 || local.hour >= hour) && timeMs >= dayMs + JUDGED_MS;
  const untilMs = isDue ? dayMs : dayMs - 7 * DAY_MS;
  return { sinceMs: untilMs - 7 * DAY_MS, untilMs };
}
