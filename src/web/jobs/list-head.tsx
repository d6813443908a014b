import type { JobAnswer } from '../../api/job.ts';
import { groupDigits } from '../../domain/figures.ts';
import { Menu } from '../parts/menu.tsx';
import { apiAddress, type Query } from '../parts/request.ts';
import { ColumnMenu } from './column-menu.tsx';
import type { Column } from './columns.tsx';
import { writeCsv } from './csv.ts';
import type { Rows } from './rows.ts';

interface ListHeadProps {
  readonly rows: Rows;
  readonly query: Readonly<Record<string, string>>;
  readonly columns: readonly Column[];
  readonly chosen: readonly string[] | undefined;
  readonly isPhone: boolean;
  readonly selected: readonly string[];
  readonly onColumns: (text: string | undefined) => void;
  readonly onCompare: () => void;
  readonly onRenew: () => void;
}

/** How many jobs there are, what is new, and what can be done with the list. */
export function ListHead(props: ListHeadProps) {
  const { rows, query, columns, chosen, isPhone, selected, onColumns, onCompare, onRenew } = props;
  return (
    <div class="list-head">
      <span role="status">
        {rows.isLoading ? 'Reading …' : `${groupDigits(rows.total)} ${rows.total === 1 ? 'job' : 'jobs'}`}
      </span>
      {rows.news > 0 && (
        <button type="button" class="news" onClick={onRenew}>
          {rows.news === 100 ? '100 or more' : rows.news} new, show
        </button>
      )}
      {selected.length > 0 && (
        <button type="button" title="c" disabled={selected.length < 2} onClick={onCompare}>
          {selected.length < 2 ? 'Select another one with x to compare' : `Compare ${selected.length} jobs`}
        </button>
      )}
      <span class="end" />
      {!isPhone && <ColumnMenu chosen={chosen} onChange={onColumns} />}
      <Menu title="CSV">
        <a download="jobs.csv" href="jobs.csv" onClick={(event) => saveShown(event, rows.jobs, columns)}>
          The {groupDigits(rows.jobs.length)} loaded, these columns
        </a>
        <a href={apiAddress('v1/jobs', { ...query, format: 'csv' } satisfies Query)} download="jobs.csv">
          All {groupDigits(rows.total)}, all columns
        </a>
      </Menu>
    </div>
  );
}

/** Writes the file only when it is asked for. */
function saveShown(
  event: MouseEvent & { readonly currentTarget: HTMLAnchorElement },
  jobs: readonly JobAnswer[],
  columns: readonly Column[],
): void {
  const text = writeCsv(
    jobs,
    columns.flatMap(({ fields }) => fields),
  );
  const link = event.currentTarget;
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
}
