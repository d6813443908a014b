import { packMeasures, type RowMeasures, unpackMeasures } from '../chunk/row-measures.ts';

type Column = readonly [code: number, values: Float64Array];

const byCode = (columns: RowMeasures['columns']): readonly Column[] =>
  [...columns].sort(([one], [other]) => one - other);

/** Returns the values at some places; NaN, not measured, where a column is shorter. */
function pick(values: Float64Array, places: readonly number[]): Float64Array {
  const picked = new Float64Array(places.length);
  for (let at = 0; at < places.length; at++) picked[at] = values[places[at]!]!;
  return picked;
}

/** Returns the columns that have a value at one of the places, with the values there. */
function pickColumns(columns: readonly Column[], places: readonly number[]): Map<number, Float64Array> {
  const picked = new Map<number, Float64Array>();
  for (const [code, values] of columns)
    if (places.some((place) => !Number.isNaN(values[place]!))) picked.set(code, pick(values, places));
  return picked;
}

/**
 * Splits the further measures of a log row of `count` samples into log rows of one sample each; null for a
 * sample that has none. Equal measures become equal bytes, however they were packed.
 */
export function splitMeasures(packed: Uint8Array, count: number): (Uint8Array | null)[] {
  const { columns, gpus } = unpackMeasures(packed, count);
  const [own, ofGpus] = [byCode(columns), byCode(gpus.columns)];
  const split: (Uint8Array | null)[] = [];
  for (let sample = 0, reading = 0; sample < count; sample++) {
    const readings: number[] = [];
    // Readings are in the order of their samples.
    for (; gpus.samples[reading] === sample; reading++)
      if (ofGpus.some(([, values]) => !Number.isNaN(values[reading]!))) readings.push(reading);
    const ownColumns = pickColumns(own, [sample]);
    if (ownColumns.size === 0 && readings.length === 0) {
      split.push(null);
      continue;
    }
    const places = [...new Set(readings.map((at) => gpus.gpus[at]!))];
    const measures = {
      columns: ownColumns,
      gpus: {
        samples: new Uint32Array(readings.length),
        gpus: Uint32Array.from(readings, (at) => places.indexOf(gpus.gpus[at]!)),
        names: places.map((place) => gpus.names[place]!),
        columns: pickColumns(ofGpus, readings),
      },
    };
    split.push(packMeasures(measures, 1));
  }
  return split;
}
