import type { CopiedTable, NUMBERED_TABLES } from './tables.ts';

/** What both engines can store. Texts have no NUL, which PostgreSQL cannot store. */
export type Value = number | string | Uint8Array | null;
/** The values of a row in the order of the columns that were asked for. */
export type Row = readonly Value[];
/** The key of the last row that was read. */
export type Position = readonly Value[];

/** Rows in the order of their key, and where the next ones start. */
export interface Page {
  readonly rows: readonly Row[];
  readonly position: Position;
}

/** The last numbers that were given to rows, deleted ones included. */
export type LastNumbers = Readonly<Partial<Record<(typeof NUMBERED_TABLES)[number], number>>>;

/**
 * A database that is read in the form that both engines share: the columns of PostgreSQL, and a row of `log`
 * for each sample that is not sealed. Nobody else writes to it until it is closed.
 */
export interface CopySide {
  /** For messages; without a password. */
  readonly name: string;
  /** Returns the columns of a table that are copied, sorted; none if there is no such table. */
  columnsOf(table: CopiedTable): Promise<readonly string[]>;
  /** Yields all rows behind a position. */
  pages(table: CopiedTable, columns: readonly string[], after?: Position): AsyncGenerator<Page>;
  close(): Promise<void>;
}

export interface CopySource extends CopySide {
  /** Counts the rows of a table; in the log, samples that are not sealed. */
  count(table: CopiedTable): Promise<number>;
  /** Returns a text that, together with the counts, is another one after anything was written. */
  fingerprint(): Promise<string>;
  lastNumbers(): Promise<LastNumbers>;
}

export interface CopyTarget extends CopySide {
  /** What the form of its tables depends on: the number of its migrations. */
  readonly version: number;
  /** How to begin with an empty target again, as a sentence. */
  readonly startAnew: string;
  /** Returns what was saved under a name. */
  load(name: string): Promise<string | undefined>;
  save(name: string, value: string): Promise<void>;
  /** Writes rows, and saves `state` under the name of the table, in one transaction. */
  write(table: CopiedTable, columns: readonly string[], rows: readonly Row[], state: string): Promise<void>;
  /** Makes what was put off until all rows are there, such as indexes; `done` is from 0 to 1. */
  index(onProgress: (done: number) => void): Promise<void>;
  /** Sets the last numbers and ends the copy, so that a service opens the database. */
  finish(numbers: LastNumbers): Promise<void>;
}
