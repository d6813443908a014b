import type { HistoryRow } from '../overview/history.ts';

/** The history of the cluster. See `Store` for the promises of all methods. */
export interface HistoryStore {
  /** Stores rows; one of the same time is replaced. */
  recordHistory(rows: readonly HistoryRow[]): Promise<void>;

  /** Yields the rows from `sinceMs` to `untilMs`, both inclusive, in the order of time. */
  readHistory(sinceMs: number, untilMs: number): AsyncIterable<HistoryRow[]>;

  /** Returns the time of the latest row; undefined if there is none. */
  lastHistoryMs(): Promise<number | undefined>;
}
