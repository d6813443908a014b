import { HISTORY_FIELDS, type HistoryRow } from '../../../domain/overview/history.ts';
import { bulkInserter, type Column, replacing } from '../sql/insert.ts';
import { inPages } from '../sql/pages.ts';
import type { Queries, Writing } from '../sql/queries.ts';

const PAGE_ROWS = 200;
/** Rows deleted at once. */
const ROWS_AT_ONCE = 500;
const COLUMNS: readonly Column[] = [
  ['time', 'bigint'],
  ...HISTORY_FIELDS.map(({ name }): Column => [name, 'float8']),
];
const SELECTED = HISTORY_FIELDS.map(({ key, name }) => `${name} AS "${key}"`).join(', ');

/** Writes the history of the cluster inside the transaction of the group. */
export function clusterHistoryWriter(db: Writing) {
  const save = bulkInserter(db, 'cluster_history', COLUMNS, replacing('time', COLUMNS));
  return {
    record(rows: readonly HistoryRow[]): void {
      // A statement writes no row twice: the last one of a time counts.
      const byTime = new Map(rows.map((row) => [row.timeMs, row]));
      save(
        Array.from(byTime.values(), (row) => [
          row.timeMs,
          ...HISTORY_FIELDS.map(({ key }) => row[key] ?? null),
        ]),
      );
    },

    /** Deletes some rows before `beforeMs`; returns how many. */
    expire: (beforeMs: number): Promise<number> =>
      db.change(
        `DELETE FROM cluster_history
          WHERE time IN (SELECT time FROM cluster_history WHERE time < $1::bigint ORDER BY time LIMIT ${ROWS_AT_ONCE})`,
        [beforeMs],
      ),
  };
}

export type ClusterHistoryWriter = ReturnType<typeof clusterHistoryWriter>;

/** Reads the history of the cluster between two times, in the order of time, in pages. */
export async function* readClusterHistory(
  db: Queries,
  sinceMs: number,
  untilMs: number,
): AsyncGenerator<HistoryRow[], void> {
  const pages = inPages<Record<string, number | null>>(
    db,
    `SELECT time AS "timeMs", ${SELECTED} FROM cluster_history WHERE time BETWEEN $1::bigint AND $2::bigint ORDER BY time`,
    [sinceMs, untilMs],
    PAGE_ROWS,
  );
  for await (const rows of pages) if (rows.length > 0) yield rows.map(readRow);
}

const readRow = (row: Record<string, number | null>): HistoryRow =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as HistoryRow;

/** Reads the time of the latest row; undefined if there is none. */
export const readLastHistory = async (db: Queries): Promise<number | undefined> =>
  (await db.get<{ timeMs: number | null }>('SELECT max(time) AS "timeMs" FROM cluster_history'))?.timeMs ??
  undefined;
