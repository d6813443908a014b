import { signal } from '@preact/signals';
import { formatAgo } from '../../domain/figures.ts';

/** The reader's clock, once a second while the page can be seen. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);

const LOCAL = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** Writes a time in the reader's zone: `2026-01-20 10:00:00`. */
export function formatLocal(timeMs: number): string {
  const parts = Object.fromEntries(LOCAL.formatToParts(timeMs).map(({ type, value }) => [type, value]));
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}:${parts.second}`;
}

/** Shows a time in the reader's zone, with UTC on hover; how long ago it was if `isRelative`. */
export function Moment({ time, isRelative = false }: { time: string; isRelative?: boolean }) {
  const timeMs = Date.parse(time);
  const local = formatLocal(timeMs);
  const title = isRelative ? `${local} (${time} in UTC)` : `${time} in UTC`;
  return (
    <time dateTime={time} title={title}>
      {isRelative ? formatAgo(timeMs, now.value) : local}
    </time>
  );
}
