import { useEffect } from 'preact/hooks';
import type { TallyListAnswer } from '../../api/tally-list.ts';
import { formatCount } from '../../domain/figures.ts';
import { BEHIND, filterOf, GroupHead, useSums } from '../parts/group-head.tsx';
import { Problem } from '../parts/problem.tsx';
import { changed, formatRange, timesOf } from '../parts/range.tsx';
import { getJson } from '../parts/request.ts';
import { place } from '../parts/router.ts';
import { type TallyGroup, TallyTable } from '../parts/tallies.tsx';
import { TallyFigures } from '../parts/tally.tsx';

const GROUPS: readonly TallyGroup[] = ['user', 'account', 'partition', 'day'];
const FEW_ROWS = 100;
const MANY_ROWS = 10_000;

/** Who held and used what, by user, account, partition or day. */
export function UsagePage() {
  const { query } = place.value;
  const groupBy = GROUPS.find((group) => group === query.get('by')) ?? 'user';
  const filter = filterOf(query);
  const limit = query.has('all') ? MANY_ROWS : FEW_ROWS;
  const { value, error, isLoading } = useSums(`usage ${query}`, (signal) =>
    getJson<TallyListAnswer>(
      'v1/usage',
      { group_by: groupBy, limit: groupBy === 'day' ? MANY_ROWS : limit, ...timesOf(query), ...filter },
      signal,
    ),
  );
  useEffect(() => {
    document.title = 'Usage · hpc-observe';
  }, []);
  return (
    <>
      <h1 class="visually-hidden">Usage</h1>
      <GroupHead groups={GROUPS} groupBy={groupBy} filter={filter} />
      {error && <Problem error={error} />}
      {!value && !error && <p class="soft">Reading …</p>}
      {value && <Usage list={value} isLoading={isLoading} />}
    </>
  );
}

function Usage({ list, isLoading }: { list: TallyListAnswer; isLoading: boolean }) {
  const { group_by, rows, sum, total, is_behind } = list;
  const range = formatRange(list);
  if (total === 0) return <p>{is_behind ? BEHIND : `No job ended from ${range}.`}</p>;
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
        {is_behind && ` ${BEHIND}`}
      </p>
    </div>
  );
}
