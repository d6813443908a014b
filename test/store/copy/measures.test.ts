import { expect, test } from 'bun:test';
import { RowCollector } from '../../../src/store/chunk/row-collector.ts';
import { packMeasures, type RowMeasures, unpackMeasures } from '../../../src/store/chunk/row-measures.ts';
import { splitMeasures } from '../../../src/store/copy/measures.ts';

const NONE = Number.NaN;

/** Five samples; GPU b is read in the first and third, and nothing of the second and the last is known. */
const ROW: RowMeasures = {
  columns: new Map([
    [9, Float64Array.of(1.5, NONE, NONE, 4, NONE)],
    [2, Float64Array.of(NONE, NONE, 0, 3, NONE)],
  ]),
  gpus: {
    samples: Uint32Array.of(0, 0, 2, 4),
    gpus: Uint32Array.of(1, 0, 1, 0),
    names: ['GPU-a', 'GPU-é'],
    columns: new Map([
      [40, Float64Array.of(10, NONE, 30, NONE)],
      [30, Float64Array.of(NONE, 7, NONE, NONE)],
    ]),
  },
};

const show = (packed: Uint8Array | null) => {
  if (!packed) return null;
  const { columns, gpus } = unpackMeasures(packed, 1);
  return {
    columns: [...columns].map(([code, values]) => [code, ...values]),
    gpus: Array.from(gpus.gpus, (place) => gpus.names[place]),
    readings: [...gpus.columns].map(([code, values]) => [code, ...values]),
  };
};

test('a row of the log is split into what each sample has', () => {
  const split = splitMeasures(packMeasures(ROW, 5), 5);
  expect(split.map(show)).toEqual([
    {
      columns: [[9, 1.5]],
      gpus: ['GPU-é', 'GPU-a'],
      readings: [
        [30, NONE, 7],
        [40, 10, NONE],
      ],
    },
    null,
    { columns: [[2, 0]], gpus: ['GPU-é'], readings: [[40, 30]] },
    {
      columns: [
        [2, 3],
        [9, 4],
      ],
      gpus: [],
      readings: [],
    },
    null,
  ]);
});

test('what is split, joined in a row of other samples, and split again is the same bytes', () => {
  const split = splitMeasures(packMeasures(ROW, 5), 5);
  const reversed = split.toReversed();
  const collector = new RowCollector();
  for (const [place, packed] of reversed.entries()) {
    collector.choose(packed ? unpackMeasures(packed, 1) : undefined);
    collector.add(0, place);
  }
  expect(splitMeasures(collector.take(5)!, 5)).toEqual(reversed);
});
