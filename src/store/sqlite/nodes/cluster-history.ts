import type { Database } from 'bun:sqlite';
import { HISTORY_FIELDS, type HistoryRow } from '../../../domain/overview/history.ts';

/** Rows of a page, which take about a millisecond to read. */
const PAGE_ROWS = 200;
/** Rows deleted at once: well under a millisecond. */
const ROWS_AT_ONCE = 100;
const COLUMNS = HISTORY_FIELDS.map(({ name }) => name).join(', ');
const SELECTED = HISTORY_FIELDS.map(({ key, name }) => `${name} AS ${key}`).join(', ');

/** Writes the history of the cluster inside the transaction of the group. */
export function clusterHistoryWriter(db: Database) {
  const places = HISTORY_FIELDS.map(() => '?').join(', ');
  const replace = db.query(`INSERT OR REPLACE INTO cluster_history (time, ${COLUMNS}) VALUES (?, ${places})`);
  const deleteOld = db.query(
    `DELETE FROM cluster_history
      WHERE time IN (SELECT time FROM cluster_history WHERE time < ? ORDER BY time LIMIT ${ROWS_AT_ONCE})`,
  );
  return {
    record(rows: readonly HistoryRow[]): void {
      for (const row of rows) replace.run(row.timeMs, ...HISTORY_FIELDS.map(({ key }) => row[key] ?? null));
    },

    /** Deletes rows before `beforeMs` until `isOver`; returns whether there may be more. */
    expire(beforeMs: number, isOver: () => boolean): boolean {
      while (deleteOld.run(beforeMs).changes > 0) if (isOver()) return true;
      return false;
    },
  };
}

export type ClusterHistoryWriter = ReturnType<typeof clusterHistoryWriter>;

/** Reads the history of the cluster between two times, in the order of time, in pages. */
export function* readClusterHistory(db: Database, sinceMs: number, untilMs: number): Generator<HistoryRow[]> {
  const select = db.query<Record<string, number | null>, [number, number]>(
    `SELECT time AS timeMs, ${SELECTED} FROM cluster_history WHERE time BETWEEN ? AND ? ORDER BY time`,
  );
  let page: HistoryRow[] = [];
  for (const row of select.iterate(sinceMs, untilMs)) {
    const known = Object.entries(row).filter(([, value]) => value !== null);
    page.push(Object.fromEntries(known) as unknown as HistoryRow);
    if (page.length < PAGE_ROWS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** Returns a function that reads the time of the latest row; undefined if there is none. */
export function lastHistoryReader(db: Database): () => number | undefined {
  const select = db.query<{ timeMs: number | null }, []>('SELECT max(time) AS timeMs FROM cluster_history');
  return () => select.get()?.timeMs ?? undefined;
}
