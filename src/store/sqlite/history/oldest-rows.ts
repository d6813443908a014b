import type { Database } from 'bun:sqlite';
import type { LogWriter } from '../samples/log.ts';
import type { LogView } from '../samples/log-index.ts';

/** Series that one search finds, and rows that it looks at, at most. */
const MAX_SERIES = 4000;
const MAX_ROWS = 4000;
/** The log is full at so many samples: the oldest are sealed, however new they are. */
const MAX_LOG_SAMPLES = 1_000_000;
/** Marks that are remembered, so that rows need not be looked up again. */
const MAX_MARKS = 50_000;

/** A job on a node, and up to which row of the log it is sealed. */
export interface LogSeries {
  readonly id: number;
  readonly job: number;
  readonly node: number;
  readonly sealed: number;
}

/** What the oldest rows of the log hold. */
export interface OldestRows {
  /** Nothing before this row is unsealed. */
  readonly keptSeq: number;
  /** Series with samples from there on whose time has come. */
  readonly series: readonly LogSeries[];
  /** Whether there may be more to find when these are done. */
  readonly hasMore: boolean;
}

/** Finds what the oldest rows of the log still hold. */
export function oldestRowFinder(db: Database, log: LogWriter) {
  const selectSeries = db.query<LogSeries, [string]>(
    'SELECT usage.id, job, node, sealed FROM json_each(?) AS wanted JOIN usage ON usage.id = wanted.value',
  );
  /** Up to where series are sealed, or gone, at least. */
  const marks = new Map<number, number>();

  /** The series that have unsealed samples in a row. */
  function findUnsealed(view: LogView, row: number): LogSeries[] {
    const seq = view.firstSeq + row;
    const unknown = new Set<number>();
    for (let sample = view.starts[row]!; sample < view.starts[row + 1]!; sample++) {
      const id = view.series[sample]!;
      if ((marks.get(id) ?? 0) < seq) unknown.add(id);
    }
    if (unknown.size === 0) return [];
    if (marks.size > MAX_MARKS) marks.clear();
    const found = selectSeries.all(JSON.stringify([...unknown]));
    for (const id of unknown) marks.set(id, seq);
    for (const { id, sealed } of found) marks.set(id, sealed);
    return found.filter(({ sealed }) => sealed < seq);
  }

  /** Adds the series that have unsealed samples in a row; of a row that is not to be sealed yet nothing. */
  function lookAt(
    view: LogView,
    row: number,
    olderThanMs: number,
    found: Map<number, LogSeries>,
  ): 'empty' | 'due' | 'young' {
    const unsealed = findUnsealed(view, row);
    if (unsealed.length === 0) return 'empty';
    if (newestOf(view, row) >= olderThanMs) return 'young';
    for (const one of unsealed) found.set(one.id, one);
    return 'due';
  }

  /** Looks at rows from the oldest on until it has found enough, one is not older than `olderThanMs`, or time is over. */
  function find(olderThanMs: number, isOver: () => boolean): OldestRows {
    const view = log.view();
    const limitMs = countSamples(view) > MAX_LOG_SAMPLES ? Infinity : olderThanMs;
    const found = new Map<number, LogSeries>();
    let keptRow: number | undefined;
    let row = view.fromRow;
    let state = 'empty';
    const endRow = Math.min(view.toRow, row + MAX_ROWS);
    const isEnough = () => found.size >= MAX_SERIES || (row > view.fromRow && isOver());
    for (; row < endRow && !isEnough(); row++) {
      state = lookAt(view, row, limitMs, found);
      if (state !== 'empty') keptRow ??= row;
      if (state === 'young') break;
    }
    return {
      keptSeq: view.firstSeq + (keptRow ?? row),
      series: [...found.values()],
      hasMore: state !== 'young' && row < view.toRow,
    };
  }

  return {
    find,

    /** A series is sealed up to a row. */
    mark: (id: number, seq: number): void => void marks.set(id, seq),

    /** The transaction has been rolled back. */
    forget: (): void => marks.clear(),
  };
}

const countSamples = ({ starts, fromRow, toRow }: LogView): number => starts[toRow]! - starts[fromRow]!;

function newestOf({ times, starts }: LogView, row: number): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (let sample = starts[row]!; sample < starts[row + 1]!; sample++)
    newest = Math.max(newest, times[sample]!);
  return newest;
}
