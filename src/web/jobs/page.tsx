import { useEffect } from 'preact/hooks';
import { groupDigits } from '../../domain/figures.ts';
import { Empty } from '../parts/empty.tsx';
import { queryOf, readFilter } from '../parts/filter.ts';
import { now } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { apiAddress } from '../parts/request.ts';
import { addressOf, go, place } from '../parts/router.ts';
import { FilterBar } from './filter-bar.tsx';
import { useRows } from './rows.ts';
import { JobTable } from './table.tsx';

const MINUTE = 60_000;

/** The list of jobs. Its filter and order are in the address. */
export function JobsPage() {
  const { path, query: parameters } = place.value;
  const filter = parameters.get('filter') ?? '';
  const sort = parameters.get('sort') ?? 'start_time';
  const order = parameters.get('order') === 'asc' ? 'asc' : 'desc';
  // Whole minutes, so that the list is not another one each second.
  const filterNowMs = Math.floor(now.value / MINUTE) * MINUTE;
  const query = { ...queryOf(readFilter(filter, filterNowMs)), sort, order };
  const rows = useRows(query);
  useEffect(() => {
    document.title = filter === '' ? 'Jobs · hpc-observe' : `${filter} · hpc-observe`;
  }, [filter]);

  const show = (next: { filter?: string; sort?: string; order?: string }) => {
    const state = { filter, sort, order, ...next };
    const isUsual = state.sort === 'start_time' && state.order === 'desc';
    go(addressOf(path, { filter: state.filter, ...(!isUsual && { sort: state.sort, order: state.order }) }));
  };

  if (rows.error?.status === 401) return <Problem error={rows.error} />;
  const isEmpty = filter === '' && rows.total === 0 && !rows.isLoading && !rows.error;
  if (isEmpty) return <Empty />;
  return (
    <>
      <h1 class="visually-hidden">Jobs</h1>
      <FilterBar text={filter} nowMs={filterNowMs} onChange={(text) => show({ filter: text })} />
      {rows.error && <Problem error={rows.error} />}
      <div class="list-head">
        <span role="status">
          {rows.isLoading ? 'Reading …' : `${groupDigits(rows.total)} ${rows.total === 1 ? 'job' : 'jobs'}`}
        </span>
        {rows.news > 0 && (
          <button type="button" class="news" onClick={rows.renew}>
            {rows.news === 100 ? '100 or more' : rows.news} new, show
          </button>
        )}
        <a class="end" href={apiAddress('v1/jobs', { ...query, format: 'csv' })} download="jobs.csv">
          CSV
        </a>
      </div>
      <JobTable
        jobs={rows.jobs}
        nowMs={now.value}
        sort={sort}
        order={order}
        onSort={(by, direction) => show({ sort: by, order: direction })}
        narrow={(term) => show({ filter: `${filter} ${term}`.trim() })}
      />
      {rows.hasMore && (
        <p class="more">
          <button type="button" onClick={rows.more}>
            Show more
          </button>{' '}
          <span class="soft">{groupDigits(rows.jobs.length)} are shown</span>
        </p>
      )}
    </>
  );
}
