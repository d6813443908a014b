import type { Database } from 'bun:sqlite';
import type { RowColumns } from '../../chunk/gather.ts';
import { openFurther } from '../../chunk/log-further.ts';
import { seriesOf, splitColumns } from '../../chunk/log-row.ts';
import type { WantedMeasures } from '../../chunk/wanted.ts';

/** The first and the last seq; null while the log is empty. */
export interface LogEnds {
  readonly first: number | null;
  readonly last: number | null;
}

export const SELECT_ENDS = 'SELECT (SELECT min(seq) FROM log) AS first, (SELECT max(seq) FROM log) AS last';

interface LogRow {
  readonly series: Uint8Array;
  readonly data: Uint8Array;
  readonly further: Uint8Array | null;
}

/** Reads the log in the order of arrival, whatever of it is sealed. */
export function logRowReader(db: Database) {
  const selectEnds = db.query<LogEnds, []>(SELECT_ENDS);
  const selectAfter = db.query<LogRow, [number]>(
    'SELECT series, data, further FROM log WHERE seq > ? ORDER BY seq',
  );
  return {
    /** Returns the seq of the last row; 0 if there is none. */
    lastSeq: (): number => selectEnds.get()!.last ?? 0,

    /**
     * Visits the rows after `afterSeq`, and returns the seq of the last one; undefined, and visits nothing,
     * if some of them are gone. Yields after each row.
     */
    *visitAfter(
      afterSeq: number,
      wanted: WantedMeasures,
      visit: (series: Int32Array, row: RowColumns) => void,
    ): Generator<undefined, number | undefined> {
      const { first, last } = selectEnds.get()!;
      if (first === null || last === null) return 0;
      if (first > afterSeq + 1) return undefined;
      for (const { series: bytes, data, further } of selectAfter.iterate(afterSeq)) {
        const series = seriesOf(bytes);
        const measures = openFurther(further, series.length, wanted);
        visit(series, { ...splitColumns(data, series.length), further: measures });
        yield;
      }
      return last;
    },
  };
}
