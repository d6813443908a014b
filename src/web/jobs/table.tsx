import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { JobAnswer } from '../../api/job.ts';
import type { Column } from './columns.tsx';
import type { ListedJob } from './left.ts';
import { Row } from './row.tsx';
import { readScroll, saveScroll } from './scroll-place.ts';
import { useSparklines } from './sparklines.ts';
import { rowsInView, type Scroll, topToShow } from './window.ts';

/** As --row and --row-phone in style/tokens.css. */
export const ROW_PIXELS = 24;
const PHONE_ROW_PIXELS = 44;
const CHECK_PIXELS = 36;
/** Rows before the last one at which more are asked for. */
const READ_AHEAD_ROWS = 200;

export interface TableProps {
  readonly jobs: readonly ListedJob[];
  /** All jobs that match, whether they are loaded or not. */
  readonly total: number;
  readonly columns: readonly Column[];
  readonly isPhone: boolean;
  /** Whether the columns need more room than there is. */
  readonly isWide: boolean;
  /** How much wider the columns are than they must be. */
  readonly scale: number;
  /** What is shown is another list when this changes, which begins at its top. */
  readonly listKey: string;
  readonly nowMs: number;
  readonly sort: string;
  readonly order: 'asc' | 'desc';
  readonly currentId: string | undefined;
  readonly selected: readonly string[];
  readonly onSort: (sort: string, order: 'asc' | 'desc') => void;
  readonly onPress: (job: JobAnswer) => void;
  readonly onSelect: (id: string) => void;
  readonly narrow: (term: string) => void;
  /** Called when the last rows come near. */
  readonly more: () => void;
  /** Called with the rows that are drawn. */
  readonly onView: (from: number) => void;
  readonly children: ComponentChildren;
}

/** The list; only the rows in view are drawn. */
export function JobTable(props: TableProps) {
  const { jobs, columns, isPhone, isWide, currentId, selected, nowMs } = props;
  const rowPixels = isPhone ? PHONE_ROW_PIXELS : ROW_PIXELS;
  const scroller = useRef<HTMLDivElement>(null);
  const { from, to } = useView(scroller, rowPixels, props);
  const shown = useMemo(() => jobs.slice(from, to), [jobs, from, to]);
  useSparklines(shown);
  useCurrentInView(scroller, rowPixels, props);
  const hasChecks = selected.length > 0;
  const space = (rows: number) =>
    rows > 0 && (
      <tr>
        <td colSpan={columns.length + Number(hasChecks)} style={{ height: `${rows * rowPixels}px` }} />
      </tr>
    );
  const pixels = columns.reduce((sum, column) => sum + column.pixels, 0);
  return (
    <div class="scroller" ref={scroller}>
      <table
        class={`jobs${isPhone ? ' is-phone' : ''}${isWide ? ' is-wide' : ''}`}
        aria-rowcount={props.total + 1}
        style={{ minWidth: `${isPhone ? 0 : pixels}px` }}
      >
        <Head {...props} hasChecks={hasChecks} />
        <tbody>
          {space(from)}
          {shown.map((job, place) => (
            <Row
              key={job.id}
              job={job}
              place={from + place}
              columns={columns}
              nowMs={nowMs}
              isCurrent={job.id === currentId}
              isSelected={hasChecks ? selected.includes(job.id) : undefined}
              narrow={props.narrow}
              onSelect={props.onSelect}
            />
          ))}
          {space(jobs.length - to)}
        </tbody>
      </table>
      {props.children}
    </div>
  );
}

function Head(props: TableProps & { hasChecks: boolean }) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {props.hasChecks && (
          <th scope="col" class="check" style={{ width: `${CHECK_PIXELS}px` }}>
            <span class="visually-hidden">Compare</span>
          </th>
        )}
        {props.columns.map((column) => (
          <HeadCell key={column.name} {...props} column={column} />
        ))}
      </tr>
    </thead>
  );
}

function HeadCell({ column, scale, sort, order, onSort }: TableProps & { column: Column }) {
  const { name, title, sort: by, isFigure, isWide, pixels } = column;
  const isSorted = by !== undefined && by === sort;
  const next = isSorted && order === 'desc' ? 'asc' : 'desc';
  const [direction, arrow] =
    order === 'asc' ? (['ascending', ' ↑'] as const) : (['descending', ' ↓'] as const);
  return (
    <th
      scope="col"
      class={isFigure ? `col-${name} figure` : `col-${name}`}
      style={isWide ? {} : { width: `${Math.floor(pixels * scale)}px` }}
      aria-sort={isSorted ? direction : undefined}
    >
      {by ? (
        <button type="button" onClick={() => onSort(by, next)}>
          {title}
          {isSorted && <span aria-hidden="true">{arrow}</span>}
        </button>
      ) : (
        title
      )}
    </th>
  );
}

/** A press on a row, but not on something in it that has a meaning of its own. */
function pressRow(event: MouseEvent, { jobs, onPress }: TableProps): void {
  const target = event.target as Element;
  const row = target.closest('tr[aria-rowindex]');
  if (!row || target.closest('a, button, input, label') || !getSelection()?.isCollapsed) return;
  const job = jobs[Number(row.getAttribute('aria-rowindex')) - 2];
  if (job) onPress(job);
}

type Scroller = { readonly current: HTMLDivElement | null };

/** The rows' own part of what is scrolled. */
const scrollOf = (
  { scrollTop, clientHeight, firstElementChild }: HTMLElement,
  rowPixels: number,
): Scroll => ({
  top: scrollTop,
  height: clientHeight - (firstElementChild?.querySelector('thead')?.clientHeight ?? 0),
  rowPixels,
});

/** Returns which rows to draw, asks for more when they end, and remembers where the reader was. */
function useView(scroller: Scroller, rowPixels: number, props: TableProps): { from: number; to: number } {
  const latest = useRef(props);
  latest.current = props;
  const [view, setView] = useState({ from: 0, to: 0 });
  const look = () => {
    // An observer may call once more after the table is gone.
    if (!scroller.current) return;
    const { jobs, more, onView } = latest.current;
    const next = rowsInView(scrollOf(scroller.current, rowPixels), jobs.length);
    setView((before) => (before.from === next.from && before.to === next.to ? before : next));
    onView(next.from);
    if (next.to + READ_AHEAD_ROWS > jobs.length) more();
  };
  useEffect(() => {
    const element = scroller.current!;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onScroll = () => {
      look();
      clearTimeout(timer);
      timer = setTimeout(() => saveScroll(element.scrollTop), 100);
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    const onPress = (event: MouseEvent) => pressRow(event, latest.current);
    element.addEventListener('scroll', onScroll, { passive: true });
    element.addEventListener('click', onPress);
    return () => {
      observer.disconnect();
      clearTimeout(timer);
      element.removeEventListener('scroll', onScroll);
      element.removeEventListener('click', onPress);
    };
  }, [rowPixels]);
  useScrollPlace(scroller, props);
  useLayoutEffect(look, [props.jobs]);
  return { from: Math.min(view.from, props.jobs.length), to: Math.min(view.to, props.jobs.length) };
}

/** Begins where the reader was before they came back; another list begins at its top. */
function useScrollPlace(scroller: Scroller, { listKey, jobs }: TableProps): void {
  const first = useRef(listKey);
  const isPlaced = useRef(false);
  useLayoutEffect(() => {
    if (isPlaced.current || jobs.length === 0) return;
    isPlaced.current = true;
    scroller.current!.scrollTop = readScroll();
  }, [jobs]);
  useEffect(() => {
    if (first.current === listKey) return;
    first.current = '';
    scroller.current!.scrollTop = 0;
  }, [listKey]);
}

/**
 * Moves the current row into view, and the focus with it, whenever it is another one. It also stays in view
 * when the list becomes smaller, because something opens below it.
 */
function useCurrentInView(scroller: Scroller, rowPixels: number, { jobs, currentId }: TableProps): void {
  const row = jobs.findIndex(({ id }) => id === currentId);
  const latest = useRef(row);
  latest.current = row;
  const isKnown = row >= 0;
  useEffect(() => {
    const element = scroller.current!;
    if (!isKnown) return;
    element.scrollTop = topToShow(row, scrollOf(element, rowPixels));
    // The row may be drawn only after this.
    const frame = requestAnimationFrame(() => focusRow(element, row));
    return () => cancelAnimationFrame(frame);
  }, [currentId, isKnown]);
  useEffect(() => {
    const element = scroller.current!;
    let before = scrollOf(element, rowPixels);
    const observer = new ResizeObserver(() => {
      const wasInView =
        topToShow(latest.current, { ...before, top: element.scrollTop }) === element.scrollTop;
      before = scrollOf(element, rowPixels);
      if (latest.current >= 0 && wasInView) element.scrollTop = topToShow(latest.current, before);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [rowPixels]);
}

/** Not while the reader is in the filter or the drawer. */
function focusRow(element: HTMLElement, row: number): void {
  const focused = document.activeElement;
  if (focused !== document.body && !element.contains(focused)) return;
  element.querySelector<HTMLElement>(`tr[aria-rowindex="${row + 2}"]`)?.focus({ preventScroll: true });
}
