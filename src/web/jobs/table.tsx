import { useEffect, useRef, useState } from 'preact/hooks';
import type { JobAnswer } from '../../api/job.ts';
import { isTyping } from '../parts/keys.ts';
import { go, jobAddress } from '../parts/router.ts';
import { COLUMNS } from './columns.tsx';

/** As --row in style/tokens.css. */
const ROW_PIXELS = 24;
/** Rows above and below the window that are drawn as well. */
const SPARE_ROWS = 20;

interface TableProps {
  readonly jobs: readonly JobAnswer[];
  readonly nowMs: number;
  readonly sort: string;
  readonly order: 'asc' | 'desc';
  readonly onSort: (sort: string, order: 'asc' | 'desc') => void;
  readonly narrow: (term: string) => void;
}

/** The list; only the rows in the window are drawn. j and k go down and up, Enter opens a job. */
export function JobTable({ jobs, nowMs, sort, order, onSort, narrow }: TableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const { from, to } = useWindow(body, jobs.length);
  const current = useCurrent(jobs, body);
  return (
    <table class="jobs">
      <thead>
        <tr>
          {COLUMNS.map(({ name, title, sort: by, isFigure, from: width }) => (
            <th
              key={name}
              scope="col"
              class={classOf(name, isFigure, width)}
              aria-sort={by === sort ? (order === 'asc' ? 'ascending' : 'descending') : undefined}
            >
              {by ? (
                <button
                  type="button"
                  onClick={() => onSort(by, by === sort && order === 'desc' ? 'asc' : 'desc')}
                >
                  {title}
                  <span aria-hidden="true">{by === sort ? (order === 'asc' ? ' ↑' : ' ↓') : ''}</span>
                </button>
              ) : (
                title
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        {from > 0 && <tr style={{ height: `${from * ROW_PIXELS}px` }} />}
        {jobs.slice(from, to).map((job, place) => (
          <tr key={job.id} aria-current={from + place === current ? 'true' : undefined}>
            {COLUMNS.map(({ name, isFigure, from: width, show }) => (
              <td key={name} class={classOf(name, isFigure, width)}>
                {show({ job, nowMs, narrow })}
              </td>
            ))}
          </tr>
        ))}
        {to < jobs.length && <tr style={{ height: `${(jobs.length - to) * ROW_PIXELS}px` }} />}
      </tbody>
    </table>
  );
}

const classOf = (name: string, isFigure: true | undefined, from: number | undefined) =>
  `col-${name}${isFigure ? ' figure' : ''}${from ? ` from-${from}` : ''}`;

/** Returns which rows are in or near the window. */
function useWindow(body: { readonly current: HTMLElement | null }, count: number) {
  const [top, setTop] = useState(0);
  useEffect(() => {
    const onScroll = () => {
      const above = -(body.current?.getBoundingClientRect().top ?? 0);
      // In steps, so that most movements draw nothing anew.
      setTop(Math.max(0, Math.floor(above / ROW_PIXELS / SPARE_ROWS)) * SPARE_ROWS);
    };
    addEventListener('scroll', onScroll, { passive: true });
    return () => removeEventListener('scroll', onScroll);
  }, []);
  const rows = Math.ceil(innerHeight / ROW_PIXELS);
  return { from: Math.max(0, top - SPARE_ROWS), to: Math.min(count, top + rows + 2 * SPARE_ROWS) };
}

/** Follows the keys; returns the row that they have reached, -1 before the first key. */
function useCurrent(jobs: readonly JobAnswer[], body: { readonly current: HTMLElement | null }): number {
  const [current, setCurrent] = useState(-1);
  // Keys may come faster than the page is drawn.
  const latest = useRef({ jobs, row: current });
  latest.current.jobs = jobs;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      const { jobs: rows, row } = latest.current;
      const step = STEPS[event.key];
      const job = rows[row];
      if (step !== undefined) {
        event.preventDefault();
        latest.current.row = Math.min(rows.length - 1, Math.max(0, row + step));
        setCurrent(latest.current.row);
        showRow(body.current, latest.current.row);
      } else if (event.key === 'Enter' && event.target === document.body && job) {
        go(jobAddress(job.id));
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return current;
}

const STEPS: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

function showRow(body: HTMLElement | null, row: number): void {
  const top = (body?.getBoundingClientRect().top ?? 0) + row * ROW_PIXELS;
  const head = 4 * ROW_PIXELS;
  if (top < head) scrollBy(0, top - head);
  else if (top > innerHeight - 2 * ROW_PIXELS) scrollBy(0, top - innerHeight + 2 * ROW_PIXELS);
}
