import type { Database } from 'bun:sqlite';
import type { LogWriter } from '../samples/log.ts';
import type { LogPage } from '../samples/log-index.ts';

/** Most series that one search finds, and most rows that it visits. */
const MAX_SERIES = 4000;
const MAX_ROWS = 4000;
/** Most series whose seal mark is cached. */
const MAX_MARKS = 50_000;

/** A series, and the last log row that is sealed for it. */
export interface LogSeries {
  readonly id: number;
  readonly job: number;
  readonly node: number;
  readonly sealed: number;
}

/** What a search of the oldest rows found. */
interface OldestRows {
  /** The first row with unsealed samples. */
  readonly keptSeq: number;
  /** Series with samples that are due to be sealed. */
  readonly series: readonly LogSeries[];
  /** Whether there may be more to find once these are sealed. */
  readonly hasMore: boolean;
}

/** Finds series whose oldest samples are due to be sealed. */
export function oldestRowFinder(db: Database, log: LogWriter) {
  const selectSeries = db.query<LogSeries, [string]>(
    'SELECT usage.id, job, node, sealed FROM json_each(?) AS wanted JOIN usage ON usage.id = wanted.value',
  );
  /** For each series, a row up to which it is certainly sealed, or deleted. */
  const marks = new Map<number, number>();

  /** Returns the series that have unsealed samples in a row. */
  function findUnsealed({ series, starts, firstSeq }: LogPage, row: number): LogSeries[] {
    const seq = firstSeq + row;
    const unknown = new Set<number>();
    for (let sample = starts[row]!; sample < starts[row + 1]!; sample++) {
      const id = series[sample]!;
      if ((marks.get(id) ?? 0) < seq) unknown.add(id);
    }
    if (unknown.size === 0) return [];
    if (marks.size > MAX_MARKS) marks.clear();
    const found = selectSeries.all(JSON.stringify([...unknown]));
    for (const id of unknown) marks.set(id, seq);
    for (const { id, sealed } of found) marks.set(id, sealed);
    return found.filter(({ sealed }) => sealed < seq);
  }

  /** Adds the series with unsealed samples in a row to `found`, unless the row is too young to be sealed. */
  function addDue(
    page: LogPage,
    row: number,
    olderThanMs: number,
    found: Map<number, LogSeries>,
  ): 'empty' | 'due' | 'young' {
    const unsealed = findUnsealed(page, row);
    if (unsealed.length === 0) return 'empty';
    if (newestOf(page, row) >= olderThanMs) return 'young';
    for (const one of unsealed) found.set(one.id, one);
    return 'due';
  }

  /**
   * Visits rows from the oldest on until it has found enough, a row is not older than `olderThanMs`, or
   * `isOver`.
   */
  function find(olderThanMs: number, isOver: () => boolean): OldestRows {
    const { pages, nextSeq } = log.view();
    const found = new Map<number, LogSeries>();
    let keptSeq: number | undefined;
    let visited = 0;
    const isEnough = () => visited === MAX_ROWS || found.size >= MAX_SERIES || (visited > 0 && isOver());
    const result = (seq: number, hasMore: boolean): OldestRows => ({
      keptSeq: keptSeq ?? seq,
      series: [...found.values()],
      hasMore,
    });
    for (const { page, row } of rowsOf(pages)) {
      const seq = page.firstSeq + row;
      if (isEnough()) return result(seq, true);
      const state = addDue(page, row, olderThanMs, found);
      if (state !== 'empty') keptSeq ??= seq;
      if (state === 'young') return result(seq, false);
      visited++;
    }
    return result(nextSeq, false);
  }

  return {
    find,

    /** Records that a series is sealed up to a row. */
    mark: (id: number, seq: number): void => void marks.set(id, seq),

    /** Must be called after a rollback. */
    forget: (): void => marks.clear(),
  };
}

function* rowsOf(pages: readonly LogPage[]): Generator<{ page: LogPage; row: number }> {
  for (const page of pages) for (let row = page.fromRow; row < page.toRow; row++) yield { page, row };
}

function newestOf({ times, starts }: LogPage, row: number): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (let sample = starts[row]!; sample < starts[row + 1]!; sample++)
    newest = Math.max(newest, times[sample]!);
  return newest;
}
