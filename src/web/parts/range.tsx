import type { Query } from './request.ts';
import { addressOf, place } from './router.ts';

const DAY_MS = 86_400_000;
const RANGES = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 } as const;
type Range = keyof typeof RANGES;
const DEFAULT: Range = '30d';

const rangeIn = (query: URLSearchParams): Range | undefined => {
  if (query.has('since')) return undefined;
  const range = query.get('range') ?? '';
  return range in RANGES ? (range as Range) : DEFAULT;
};

/** Returns the times that the address of the page asks for, as parameters of the API. */
export function timesOf(query: URLSearchParams): Query {
  const range = rangeIn(query);
  if (range === undefined) return { since: query.get('since')!, until: query.get('until') ?? undefined };
  return { since: new Date(Date.now() - RANGES[range] * DAY_MS).toISOString() };
}

/** Returns the address of this page with some parameters replaced; undefined removes one. */
export function changed(parameters: Readonly<Record<string, string | undefined>>): string {
  const { path, query } = place.value;
  return addressOf(path, { ...Object.fromEntries(query), ...parameters });
}

/** Links to this page with other times. */
export function Ranges() {
  const current = rangeIn(place.value.query);
  return (
    <nav class="choices" aria-label="Jobs that ended within">
      {(Object.keys(RANGES) as Range[]).map((range) => (
        <a
          key={range}
          href={changed({ range, since: undefined, until: undefined })}
          aria-current={range === current ? 'true' : undefined}
        >
          {range.replace(/(?=[hd])/, ' ')}
        </a>
      ))}
    </nav>
  );
}

/** Writes a range of time in UTC: `2026-01-20 to 2026-01-22 10:00 UTC`. */
export const formatRange = ({ since, until }: { readonly since: string; readonly until: string }): string =>
  `${dayOf(since)} to ${dayOf(until)} UTC`;

/** Writes `2026-01-20T10:00:00.000Z` as `2026-01-20 10:00`, and midnight as the day alone. */
const dayOf = (time: string): string => time.slice(0, 16).replace('T00:00', '').replace('T', ' ');
