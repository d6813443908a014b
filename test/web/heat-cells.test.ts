import { expect, test } from 'bun:test';
import {
  orderRows,
  paintCells,
  paletteOf,
  readStops,
  unpackCells,
  valueAt,
} from '../../src/web/job/heat-cells.ts';

const STOPS = readStops('#000000 #808080\n #ffffff');
const PALETTE = paletteOf(STOPS, { from: 0, to: 1 });
const grey = (level: number) => (0xff000000 | (level << 16) | (level << 8) | level) >>> 0;

test('cells are unpacked, and have their value on the scale', () => {
  const map = { columns: 2, rows: [{}, {}], scale: { min: 10, max: 264 }, cells: btoa('\x00\x01\xfe\xff') };
  const cells = unpackCells(map.cells);
  expect([...cells]).toEqual([0, 1, 254, 255]);
  expect([0, 1].map((column) => valueAt(map, cells, 0, column))).toEqual([10, 11]);
  expect([0, 1].map((column) => valueAt(map, cells, 1, column))).toEqual([264, undefined]);
});

test('the busiest row is first, those without a value last', () => {
  expect(orderRows({ rows: [{ mean: 1 }, {}, { mean: 3 }, { mean: 2 }, { mean: 3 }] })).toEqual([
    2, 4, 3, 0, 1,
  ]);
});

test('colours are even steps, and a gap is transparent', () => {
  expect(STOPS).toEqual([
    [0, 0, 0],
    [128, 128, 128],
    [255, 255, 255],
  ]);
  expect([0, 127, 254, 255].map((cell) => PALETTE[cell])).toEqual([grey(0), grey(128), grey(255), 0]);
});

test('a part of the scale has a part of the colours', () => {
  const part = paletteOf(STOPS, { from: 0.5, to: 1 });
  expect([part[0], part[254]]).toEqual([grey(128), grey(255)]);
});

test('rows are painted in their order', () => {
  const pixels = paintCells({
    cells: Uint8Array.from([0, 255, 254, 127]),
    order: [1, 0],
    columns: 2,
    rowsPerLine: 1,
    palette: PALETTE,
  });
  expect([...pixels]).toEqual([grey(255), grey(128), grey(0), 0]);
});

test('rows that share a line are painted as the mean of those that are known', () => {
  const pixels = paintCells({
    cells: Uint8Array.from([0, 255, 254, 127, 255, 255]),
    order: [0, 1, 2],
    columns: 2,
    rowsPerLine: 2,
    palette: PALETTE,
  });
  expect([...pixels]).toEqual([grey(128), grey(128), 0, 0]);
});
