// How pages, findings and commands write numbers for people. Units are always shown.

const KIB = 1024;
const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** Writes bytes in units of 1024, as memory is sold and Slurm counts it: `17.6 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= KIB;
    unit++;
  }
  return `${unit === 0 ? value : shorten(value)} ${BYTE_UNITS[unit]}`;
}

/** Writes MB of 2^20 bytes. */
export const formatMb = (mb: number): string => formatBytes(mb * KIB * KIB);

/** Writes a percentage: `0 %`, `0.4 %`, `57 %`. */
export const formatPercent = (percent: number): string =>
  `${percent > 0 && percent < 10 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;

/** Writes three digits at most, never rounding a whole number away. */
export function shorten(value: number): string {
  if (value >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Writes a duration as people say it: `42 s`, `6 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return pair(whole, MINUTE, 'min', 1, 's');
  return whole < DAY ? pair(whole, HOUR, 'h', MINUTE, 'min') : pair(whole, DAY, 'd', HOUR, 'h');
}

function pair(seconds: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((seconds % large) / small);
  const text = `${Math.floor(seconds / large)} ${largeUnit}`;
  return rest === 0 ? text : `${text} ${rest} ${smallUnit}`;
}

/** Writes how long ago a time was: `now`, `5 min ago`, `3 d ago`. */
export function formatAgo(timeMs: number, nowMs: number): string {
  const seconds = Math.round((nowMs - timeMs) / 1000);
  if (seconds < 0) return `in ${formatLargest(-seconds)}`;
  return seconds < 5 ? 'now' : `${formatLargest(seconds)} ago`;
}

function formatLargest(seconds: number): string {
  if (seconds < MINUTE) return `${seconds} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  return seconds < 2 * DAY ? `${Math.floor(seconds / HOUR)} h` : `${Math.floor(seconds / DAY)} d`;
}

/** Writes a count with a word: `1 node`, `12 nodes`. */
export const formatCount = (count: number, noun: string): string =>
  `${groupDigits(count)} ${noun}${count === 1 ? '' : 's'}`;

/** Writes a whole number with narrow spaces between its thousands. */
export const groupDigits = (count: number): string => String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');

/** Writes an amount with three digits, whole above a thousand, and never as 0 what is more. */
export const formatAmount = (value: number): string => {
  if (value > 0 && value < 0.005) return '<0.01';
  return value >= 1000 ? groupDigits(Math.round(value)) : shorten(value);
};
