import type { Paper } from '../report/paper.ts';
import type { Surroundings } from '../settings/load.ts';

/** Where a command writes: a terminal with its width, or a file or pipe. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * Returns what the output is written on: colours only on a terminal whose user did not refuse them
 * (https://no-color.org), symbols only where the locale says that it shows them.
 */
export function paperOf(env: Surroundings['env'], { isTTY: isTerminal = false, columns }: Output): Paper {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return {
    hasColors: isTerminal && !env.NO_COLOR && env.TERM !== 'dumb',
    // Files and programs read UTF-8.
    hasSymbols: !isTerminal || /utf-?8/i.test(locale),
    // A terminal of unknown size has 0 columns.
    ...(isTerminal && columns && { columns }),
  };
}

const two = (part: number): string => String(part).padStart(2, '0');

/** Writes a time of day in the zone of the user: `12:00:00`. */
export function formatLocalClock(timeMs: number): string {
  const date = new Date(timeMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

/** Writes a time in the zone of the user: `2026-01-20 12:00`. */
export function formatLocalTime(timeMs: number): string {
  const date = new Date(timeMs);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
