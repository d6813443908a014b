import type { Database } from 'bun:sqlite';
import { bytesOf, joinColumns, MAX_FURTHER_BYTES, MAX_ROW_SAMPLES } from '../../chunk/log-row.ts';
import { RowCollector } from '../../chunk/row-collector.ts';
import { unpackMeasures } from '../../chunk/row-measures.ts';
import type { Row } from '../../copy/side.ts';

/**
 * Returns a function that appends samples, with the columns of the log of PostgreSQL, as rows of the log,
 * inside the current transaction.
 */
export function logRowWriter(db: Database) {
  const insert = db.query('INSERT INTO log (series, data, further) VALUES (?, ?, ?)');
  const further = new RowCollector();

  function writeRow(samples: readonly Row[], place: (column: string) => number): void {
    const column = (name: string) => Float64Array.from(samples, (row) => Number(row[place(name)]));
    const gpu = place('gpu');
    const data = joinColumns({
      times: column('time'),
      cpu: column('cpu'),
      memory: column('memory'),
      gpu: samples.some((row) => row[gpu] !== null)
        ? Float64Array.from(samples, (row) => (row[gpu] === null ? Number.NaN : Number(row[gpu])))
        : undefined,
    });
    const series = Int32Array.from(samples, (row) => Number(row[place('usage')]));
    insert.run(bytesOf(series), bytesOf(data), further.take(samples.length) ?? null);
  }

  return (rows: readonly Row[], columns: readonly string[]): void => {
    const places = new Map(columns.map((column, place) => [column, place]));
    const place = (column: string) => places.get(column)!;
    let start = 0;
    const end = (at: number) => {
      if (at > start) writeRow(rows.slice(start, at), place);
      start = at;
    };
    for (const [at, row] of rows.entries()) {
      const count = at - start;
      if (count === MAX_ROW_SAMPLES || further.bytes(count) >= MAX_FURTHER_BYTES) end(at);
      const measures = row[place('further')];
      if (!(measures instanceof Uint8Array)) continue;
      further.choose(unpackMeasures(measures, 1));
      further.add(0, at - start);
    }
    end(rows.length);
  };
}
