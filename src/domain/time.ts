import { AppError, quote } from './errors.ts';

const ISO_8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s*([Zz])|([+\- ])(\d{2}):?(\d{2})?)?)?$/;

/** Earlier years are legal in ISO 8601, but no job ran then. */
const EARLIEST_MS = Date.UTC(1970, 0, 1);
/** Years of five digits cannot be parsed. */
const LATEST_MS = Date.UTC(10_000, 0, 1) - 1;
/** A sender's clock that is further ahead is wrong, and its samples would hide all later ones. */
export const MAX_AHEAD_MS = 10 * 60_000;

/**
 * Parses an ISO 8601 time (`2026-01-20`, `2026-01-20T10:00Z`, `2026-01-20T10:00:00.123+01:00`) as
 * milliseconds since 1970, cut to the millisecond. A time without a zone is UTC. A blank before the offset
 * counts as `+`, which is what an unescaped `+` in a URL's query becomes. Returns undefined for anything
 * else, 30 February included.
 */
export function parseTime(text: string): number | undefined {
  const match = ISO_8601.exec(text);
  if (!match) return undefined;
  const [
    ,
    year,
    month,
    day,
    hour = '0',
    minute = '0',
    second = '0',
    fraction = '',
    ,
    sign,
    zoneHour,
    zoneMinute,
  ] = match;
  // Date.UTC reads the years 0 to 99 as 1900 to 1999.
  if (Number(year) < 100) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const localMs = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  const date = new Date(localMs);
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const timeMs = localMs + Number(fraction.padEnd(3, '0').slice(0, 3));
  if (sign === undefined) return withinRange(timeMs);
  if (Number(zoneHour) > 23 || Number(zoneMinute ?? 0) > 59) return undefined;
  const offsetMs = (Number(zoneHour) * 60 + Number(zoneMinute ?? 0)) * 60_000;
  return withinRange(sign === '-' ? timeMs + offsetMs : timeMs - offsetMs);
}

function withinRange(timeMs: number): number | undefined {
  return timeMs >= EARLIEST_MS && timeMs <= LATEST_MS ? timeMs : undefined;
}

/** Parses a time as `parseTime` does; throws `validation_error` naming the field. */
export function requireTime(field: string, text: string): number {
  const timeMs = parseTime(text);
  if (timeMs === undefined) {
    throw new AppError(
      'validation_error',
      `${field} must be an ISO 8601 time such as 2026-01-20T10:00:00Z, not ${quote(text)}.`,
    );
  }
  return timeMs;
}

/**
 * Parses the time of a sample or job; throws `validation_error` if it is more than ten minutes after `nowMs`.
 */
export function requirePastTime(field: string, text: string, nowMs: number): number {
  const timeMs = requireTime(field, text);
  if (timeMs > nowMs + MAX_AHEAD_MS) {
    throw new AppError(
      'validation_error',
      `${field} ${quote(text)} lies more than 10 minutes in the future; check the clock of the sender.`,
    );
  }
  return timeMs;
}

export const formatTime = (timeMs: number): string => new Date(timeMs).toISOString();

const UNIT_MS = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};

/**
 * Parses a duration such as `90s`, `15m`, `36h`, `30d`, `2y` to milliseconds; a year is 365 days. Undefined
 * if invalid.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d|w|y)$/.exec(text);
  return match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : undefined;
}
