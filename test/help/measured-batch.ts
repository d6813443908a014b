import type { BatchMeasures } from '../../src/domain/batch-measures.ts';
import { MEASURES, type Measured, type MeasureName } from '../../src/domain/measure.ts';
import type { JobSample } from '../../src/domain/store/samples.ts';

/** A sample with its further measures, and those of its GPUs by UUID. */
export interface MeasuredSample {
  readonly sample: JobSample;
  readonly measured?: Measured;
  readonly gpus?: Readonly<Record<string, Measured>>;
}

/** The further measures of samples by column, as `recordSamples` takes them. */
export function measuresOf(samples: readonly MeasuredSample[]): BatchMeasures {
  const gpus = samples.flatMap(({ gpus: own = {} }, sample) =>
    Object.entries(own).map(([name, measured]) => ({ sample, name, measured })),
  );
  return {
    columns: columnsOf(samples.map(({ measured = {} }) => measured)),
    ...(gpus.length > 0 && {
      gpus: {
        samples: Uint32Array.from(gpus, ({ sample }) => sample),
        names: gpus.map(({ name }) => name),
        columns: columnsOf(gpus.map(({ measured }) => measured)),
      },
    }),
  };
}

function columnsOf(rows: readonly Measured[]): Map<number, Float64Array> {
  const names = new Set(rows.flatMap((row) => Object.keys(row) as MeasureName[]));
  return new Map(
    [...names].map((name) => [
      MEASURES.get(name)!.code,
      Float64Array.from(rows, (row) => row[name] ?? Number.NaN),
    ]),
  );
}
