import { useEffect } from 'preact/hooks';
import type { TallyListAnswer } from '../../api/tally-list.ts';
import { formatCount } from '../../domain/figures.ts';
import { Problem } from '../parts/problem.tsx';
import { changed, Ranges, timesOf } from '../parts/range.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { place } from '../parts/router.ts';
import { type TallyGroup, TallyTable } from '../parts/tallies.tsx';
import { TallyFigures } from '../parts/tally.tsx';

const POLL_MS = 60_000;
const GROUPS: readonly TallyGroup[] = ['user', 'account', 'partition', 'day'];
const FILTERS = ['user', 'account', 'partition'] as const;
const FEW_ROWS = 100;
const MANY_ROWS = 10_000;

/** Who held and used what, by user, account, partition or day. */
export function UsagePage() {
  const { query } = place.value;
  const groupBy = GROUPS.find((group) => group === query.get('by')) ?? 'user';
  const filter = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? undefined]));
  const limit = query.has('all') ? MANY_ROWS : FEW_ROWS;
  const { value, error, isLoading } = useResource(
    `usage ${query}`,
    (signal) =>
      getJson<TallyListAnswer>(
        'v1/usage',
        { group_by: groupBy, limit: groupBy === 'day' ? MANY_ROWS : limit, ...timesOf(query), ...filter },
        signal,
      ),
    { everyMs: POLL_MS },
  );
  useEffect(() => {
    document.title = 'Usage · hpc-observe';
  }, []);
  return (
    <>
      <h1 class="visually-hidden">Usage</h1>
      <div class="usage-head">
        <nav class="choices" aria-label="Rows">
          {GROUPS.map((group) => (
            <a
              key={group}
              href={changed({ by: group, all: undefined })}
              aria-current={group === groupBy ? 'true' : undefined}
            >
              By {group}
            </a>
          ))}
        </nav>
        <Ranges />
        {FILTERS.map(
          (name) =>
            filter[name] !== undefined && (
              <a key={name} class="pill" href={changed({ [name]: undefined })} title={`Of every ${name}`}>
                {name} {filter[name]} ×
              </a>
            ),
        )}
      </div>
      {error && <Problem error={error} />}
      {!value && !error && <p class="soft">Reading …</p>}
      {value && <Usage list={value} isLoading={isLoading} />}
    </>
  );
}

function Usage({ list, isLoading }: { list: TallyListAnswer; isLoading: boolean }) {
  const { group_by, rows, sum, total } = list;
  const range = `${dayOf(list.since)} to ${dayOf(list.until)} UTC`;
  if (total === 0) return <p>No job ended from {range}.</p>;
  return (
    <div aria-busy={isLoading}>
      <TallyFigures tally={sum} />
      <TallyTable groupBy={group_by} rows={group_by === 'day' ? rows.toReversed() : rows} />
      <p class="soft">
        Jobs that ended from {range}. In bars, what was used is strong, what was not measured is hatched; what
        a job used is added within about an hour.
        {total > rows.length && (
          <>
            {' '}
            {formatCount(total - rows.length, `more ${group_by}`)} held less.{' '}
            <a href={changed({ all: '1' })}>Show all</a>
          </>
        )}
      </p>
    </div>
  );
}

/** Writes `2026-01-20T10:00:00.000Z` as `2026-01-20 10:00`, and midnight as the day alone. */
const dayOf = (time: string): string => time.slice(0, 16).replace('T00:00', '').replace('T', ' ');
