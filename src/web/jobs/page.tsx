import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { queryOf, readFilter } from '../../api/filter-text.ts';
import { groupDigits } from '../../domain/figures.ts';
import { Empty } from '../parts/empty.tsx';
import { now } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { type ListAddress, readAddress, showAddress } from './address.ts';
import { Compare } from './compare.tsx';
import { JobDrawer } from './drawer.tsx';
import { FilterBar } from './filter-bar.tsx';
import { ListHead } from './list-head.tsx';
import { MAX_ROWS, type Rows, useRows } from './rows.ts';
import { readScroll } from './scroll-place.ts';
import { type Selection, useSelection } from './selection.ts';
import { useShownColumns } from './shown-columns.ts';
import { JobTable, ROW_PIXELS } from './table.tsx';

const MINUTE_MS = 60_000;
/** So often the times of running jobs go on. */
const CLOCK_MS = 10_000;
/** Rows below the place that a reader comes back to. */
const VIEW_ROWS = 100;

const floorTo = (stepMs: number, timeMs: number): number => Math.floor(timeMs / stepMs) * stepMs;
const show = (next: Partial<ListAddress>) => showAddress({ ...readAddress(), ...next });

/** The list of jobs. The address has its filter, order and columns, and what is open beside it. */
export function JobsPage() {
  const address = readAddress();
  const { filter, sort, order } = address;
  const [renewals, setRenewals] = useState(0);
  // Once for each filter, so that `since:2d` does not become another list every minute.
  const filterNowMs = useMemo(() => floorTo(MINUTE_MS, Date.now()), [filter, renewals]);
  const query = { ...queryOf(readFilter(filter, filterNowMs)), sort, order };
  const viewFrom = useRef(0);
  const leastRows = useMemo(() => Math.ceil(readScroll() / ROW_PIXELS) + VIEW_ROWS, []);
  const rows = useRows(query, { leastRows, viewFrom: () => viewFrom.current });
  const area = useRef<HTMLDivElement>(null);
  const { columns, chosen, isPhone, isWide, scale } = useShownColumns(area, address);
  const selection = useSelection(address, rows.jobs);
  const narrow = useRef((term: string) => show({ filter: `${readAddress().filter} ${term}`.trim() }));
  useEffect(() => {
    document.title = filter === '' ? 'Jobs · hpc-observe' : `${filter} · hpc-observe`;
  }, [filter]);

  if (rows.error?.status === 401) return <Problem error={rows.error} />;
  const isEmpty = filter === '' && rows.total === 0 && !rows.isLoading && !rows.error;
  if (isEmpty) return <Empty />;
  const renew = () => {
    setRenewals(renewals + 1);
    rows.renew();
  };
  return (
    <div class="list-page">
      <h1 class="visually-hidden">Jobs</h1>
      <FilterBar
        text={filter}
        nowMs={filterNowMs}
        jobs={rows.jobs}
        onChange={(text) => show({ filter: text })}
      />
      {rows.error && <Problem error={rows.error} />}
      <ListHead
        {...{ rows, query, columns, chosen, isPhone }}
        selected={selection.selected}
        onColumns={(text) => show({ columns: text })}
        onCompare={selection.compare}
        onRenew={renew}
      />
      <div class="list-area">
        <div class="list-room" ref={area}>
          <JobTable
            {...{ columns, isPhone, isWide, scale, sort, order }}
            jobs={rows.jobs}
            total={rows.total}
            listKey={JSON.stringify([query, renewals])}
            nowMs={floorTo(CLOCK_MS, now.value)}
            currentId={selection.currentId}
            selected={selection.selected}
            onSort={(by, direction) => show({ sort: by, order: direction })}
            onPress={selection.open}
            onSelect={selection.toggle}
            narrow={narrow.current}
            more={rows.more}
            onView={(from) => {
              viewFrom.current = from;
            }}
          >
            {rows.jobs.length >= MAX_ROWS && (
              <p class="more soft">
                {groupDigits(MAX_ROWS)} of {groupDigits(rows.total)} are shown; a filter finds the others.
              </p>
            )}
          </JobTable>
        </div>
        <Beside address={address} rows={rows} selection={selection} />
      </div>
    </div>
  );
}

interface BesideProps {
  readonly address: ListAddress;
  readonly rows: Rows;
  readonly selection: Selection;
}

/** What is open beside the list. */
function Beside({ address: { open, compared }, rows, selection }: BesideProps) {
  const find = (wanted: string) => rows.jobs.find(({ id }) => id === wanted);
  if (open !== undefined) return <JobDrawer id={open} listed={find(open)} onClose={selection.close} />;
  if (compared.length === 0) return null;
  return (
    <Compare
      ids={compared}
      nameOf={(id) => find(id)?.name}
      onRemove={selection.toggle}
      onClose={selection.close}
    />
  );
}
