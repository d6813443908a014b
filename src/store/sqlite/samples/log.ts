import type { Database } from 'bun:sqlite';
import { DOCUMENTED_COLUMNS, type RowColumns } from '../../chunk/gather.ts';
import { openFurther } from '../../chunk/log-further.ts';
import { bytesOf, joinColumns, type LogColumns, seriesOf, splitColumns } from '../../chunk/log-row.ts';
import { LogIndex, type LogView } from './log-index.ts';

interface LogRow {
  readonly series: Uint8Array;
  readonly data: Uint8Array;
}

/** Opens the log for the writing thread, with an index of its own that is loaded when it is first needed. */
export function logWriter(db: Database) {
  const selectEnds = db.query<{ first: number; last: number }, []>(
    'SELECT ifnull((SELECT min(seq) FROM log), 1) AS first, ifnull((SELECT max(seq) FROM log), 0) AS last',
  );
  const selectRows = db.query<LogRow, [number]>('SELECT series, data FROM log WHERE seq >= ? ORDER BY seq');
  const selectRow = db.query<{ data: Uint8Array; further: Uint8Array | null }, [number]>(
    'SELECT data, further FROM log WHERE seq = ?',
  );
  const selectBytes = db.query<{ series: number; data: number; further: number }, [number]>(
    `SELECT length(series) AS series, length(data) AS data, ifnull(length(further), 0) AS further
       FROM log WHERE seq = ? AND length(series) > 0`,
  );
  const insert = db.query('INSERT INTO log (seq, series, data, further) VALUES (?, ?, ?, ?)');
  const deleteRows = db.query('DELETE FROM log WHERE seq < ?');
  const index = new LogIndex(true);
  /** Undefined until it is looked up. */
  let lastSeq: number | undefined;
  let isBegun = false;
  let known = 0;

  const findLast = (): number => {
    lastSeq ??= selectEnds.get()!.last;
    return lastSeq;
  };

  /** Loads the index until it is complete or `isOver`; returns whether it is complete. */
  function load(isOver: () => boolean = () => false): boolean {
    const last = findLast();
    if (!isBegun) index.reset(selectEnds.get()!.first);
    isBegun = true;
    if (index.nextSeq > last) return true;
    for (const row of selectRows.iterate(index.nextSeq)) {
      const series = seriesOf(row.series);
      index.append(series, splitColumns(row.data, series.length).times);
      if (isOver()) break;
    }
    return index.nextSeq > last;
  }

  return {
    load,

    /**
     * Returns how many samples the log has, sealed ones included. Until the index is loaded, at least those
     * that were known before.
     */
    countSamples(): number {
      const isLoaded = isBegun && index.nextSeq > findLast();
      known = isLoaded ? index.samples : Math.max(known, index.samples);
      return known;
    },

    /** Returns the seq of the newest row; 0 if there never was one. */
    lastSeq: findLast,

    /** Returns everything in the log, sealed or not. */
    view(): LogView {
      load();
      return index.view();
    },

    /** Reads a row of `count` samples with all further measures. */
    readRow(seq: number, count: number): RowColumns {
      const { data, further } = selectRow.get(seq)!;
      return { ...splitColumns(data, count), further: openFurther(further, count, 'all') };
    },

    /** Returns how many values each sample of a row has, times included. */
    countValues(seq: number): number {
      const bytes = selectBytes.get(seq);
      return bytes ? (bytes.data + bytes.further) / (2 * bytes.series) : DOCUMENTED_COLUMNS;
    },

    /** Appends a row; `further` are the further measures of its samples, packed. */
    append(series: Int32Array, columns: LogColumns, further?: Uint8Array): void {
      const seq = findLast() + 1;
      insert.run(seq, bytesOf(series), bytesOf(joinColumns(columns)), further ?? null);
      lastSeq = seq;
      if (isBegun && index.nextSeq === seq) index.append(series, columns.times);
    },

    /** Deletes the rows before a seq, except the newest, because its number must not be used again. */
    cut(beforeSeq: number): void {
      const seq = Math.min(beforeSeq, findLast());
      if (seq <= index.firstSeq) return;
      deleteRows.run(seq);
      index.drop(seq);
    },

    /** Must be called after a rollback. */
    forget(): void {
      lastSeq = undefined;
      isBegun = false;
      index.reset(1);
    },
  };
}

export type LogWriter = ReturnType<typeof logWriter>;
