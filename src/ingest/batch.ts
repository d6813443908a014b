import type { BatchMeasures } from '../domain/batch-measures.ts';
import { MEASURES, type Measured, type MeasureName } from '../domain/measure.ts';
import type { JobSample } from '../domain/store/samples.ts';

/** A sample with its further measures. */
export interface Row {
  readonly sample: JobSample;
  readonly measured: Measured;
  readonly gpus: readonly { readonly name: string; readonly measured: Measured }[];
}

/** Returns the rows as the store takes them: further measures by column. */
export function batchOf(rows: readonly Row[]): { samples: JobSample[]; measures: BatchMeasures } {
  const gpus = rows.flatMap((row, index) => row.gpus.map((gpu) => ({ ...gpu, index })));
  return {
    samples: rows.map(({ sample }) => sample),
    measures: {
      columns: columnsOf(rows.map(({ measured }) => measured)),
      ...(gpus.length > 0 && {
        gpus: {
          samples: Uint32Array.from(gpus, ({ index }) => index),
          names: gpus.map(({ name }) => name),
          columns: columnsOf(gpus.map(({ measured }) => measured)),
        },
      }),
    },
  };
}

function columnsOf(all: readonly Measured[]): Map<number, Float64Array> {
  const columns = new Map<number, Float64Array>();
  for (const [index, measured] of all.entries()) {
    for (const [name, value] of Object.entries(measured)) {
      const { code } = MEASURES.get(name as MeasureName)!;
      let column = columns.get(code);
      if (!column) {
        column = new Float64Array(all.length).fill(Number.NaN);
        columns.set(code, column);
      }
      column[index] = value;
    }
  }
  return columns;
}
