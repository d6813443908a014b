import { parseTime } from '../../domain/time.ts';
import { memoize } from './memoize.ts';

/** The last second of the year 9999, the latest that ISO 8601 can express. */
const MAX_SECONDS = 253_402_300_799;

/**
 * Reads a time in milliseconds since 1970: seconds (`SLURM_TIME_FORMAT=%s`), or `2026-11-23T03:59:25`, which
 * is read as UTC. Undefined for 0 and for words such as `Unknown`, `N/A` and `None`.
 */
export function readTimeMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text.charAt(10) === 'T') return readIsoMs(text);
  const seconds = Number(text);
  return Number.isInteger(seconds) && seconds > 0 && seconds <= MAX_SECONDS ? seconds * 1000 : undefined;
}

const readDayMs = memoize((day) => parseTime(day));

/** Reads the one ISO format that Slurm writes five times as fast as `parseTime`, which reads all others. */
function readIsoMs(text: string): number | undefined {
  if (text.length !== 19 || text[13] !== ':' || text[16] !== ':') return parseTime(text);
  const dayMs = readDayMs(text.slice(0, 10));
  const hours = twoDigits(text, 11);
  const minutes = twoDigits(text, 14);
  const seconds = twoDigits(text, 17);
  if (dayMs === undefined || !(hours < 24 && minutes < 60 && seconds < 60)) return undefined;
  return dayMs + (hours * 3600 + minutes * 60 + seconds) * 1000;
}

/** Returns the number that two digits at `at` form, or NaN. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

const CLOCK = /^(?:(\d{1,6})-)?(\d{1,9})(?::(\d{1,2}))?(?::(\d{1,2}))?$/;

/**
 * Reads a time limit in seconds: `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`,
 * `days-hours:minutes` or `days-hours:minutes:seconds` (sbatch(1), `--time`). Undefined for `UNLIMITED`,
 * `Partition_Limit`, `INVALID` and any other text.
 */
export function readTimeLimitSeconds(text: string | undefined): number | undefined {
  const match = text === undefined ? null : CLOCK.exec(text);
  if (!match) return undefined;
  const [, days, first, second, third] = match;
  if (days !== undefined) return clock(days, first, second, third);
  if (third !== undefined) return clock('0', first, second, third);
  return clock('0', '0', first, second);
}

const clock = (days: string, hours = '0', minutes = '0', seconds = '0') =>
  Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
