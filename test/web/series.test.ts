import { describe, expect, test } from 'bun:test';
import { alignCurves, type Curve, gapsOf, type Row } from '../../src/web/job/series.ts';

const at = (seconds: number, values: Record<string, number>): Row => ({
  timestamp: new Date(seconds * 1000).toISOString(),
  ...values,
});
const cpu = (seconds: number, value: number) => at(seconds, { cpu_usage: value });
const curve = (rows: Row[], fields = ['cpu_usage'], isRate = false): Curve => ({
  label: '',
  rows,
  fields,
  isRate,
});

describe('lines of a plot', () => {
  test('share their times', () => {
    const { times, columns } = alignCurves([curve([cpu(0, 1), cpu(20, 2)]), curve([cpu(10, 3)])]);
    expect(times).toEqual([0, 10, 20]);
    expect(columns).toEqual([
      [1, undefined, 2],
      [undefined, 3, undefined],
    ]);
  });

  test('are interrupted by a null where nothing came for longer than usual', () => {
    const { times, columns } = alignCurves([curve([cpu(0, 1), cpu(10, 2), cpu(100, 3), cpu(110, 4)])]);
    expect(times).toEqual([0, 10, 55, 100, 110]);
    expect(columns).toEqual([[1, 2, null, 3, 4]]);
  });

  test('are interrupted around a reading that stands alone', () => {
    const rows = [0, 60, 120, 180, 3600, 7200, 7260, 7320, 7380].map((second) => cpu(second, 1));
    const { columns } = alignCurves([curve(rows)]);
    expect(columns[0]!.filter((value) => value === null)).toHaveLength(2);
  });

  test('go on where samples merely come at another interval', () => {
    const rows = [cpu(0, 1), cpu(60, 2), cpu(120, 3), cpu(125, 4), cpu(130, 5), cpu(135, 6)];
    expect(alignCurves([curve(rows)]).columns[0]).not.toContain(null);
  });

  test('have no value where a field is absent', () => {
    expect(alignCurves([curve([cpu(0, 1), at(10, { gpu_usage: 7 })], ['gpu_usage'])]).columns).toEqual([
      [null, 7],
    ]);
  });

  test('stand a point in the middle of its span', () => {
    expect(alignCurves([curve([{ ...cpu(0, 1), summary: { seconds: 60 } }])]).times).toEqual([30]);
  });

  test('add up fields; only the first must be there', () => {
    const rows = [at(0, { a: 1, b: 2 }), at(10, { a: 3 }), at(20, { b: 4 })];
    expect(alignCurves([curve(rows, ['a', 'b'])]).columns).toEqual([[3, 3, null]]);
  });

  test('of a counter show its growth a second, and nothing where it began anew', () => {
    const rows = [at(0, { a: 100 }), at(10, { a: 300 }), at(20, { a: 50 }), at(30, { a: 60 })];
    expect(alignCurves([curve(rows, ['a'], true)]).columns).toEqual([[null, 20, null, 1]]);
  });

  test('of the points of a counter grow evenly, though each has its last sample at another moment', () => {
    const point = (seconds: number, a: number): Row => ({ ...at(seconds, { a }), summary: { seconds: 20 } });
    // A sample each 15 s that grows by 15: spans of 20 s have one or two of them.
    const rows = Array.from({ length: 40 }, (_, span) =>
      point(20 * span, 15 * Math.floor((20 * span + 19) / 15)),
    );
    const rates = alignCurves([curve(rows, ['a'], true)]).columns[0]!.slice(6) as number[];
    for (const rate of rates) expect(Math.abs(rate - 1)).toBeLessThan(0.15);
  });
});

describe('gaps', () => {
  const gaps = (lines: Row[][], from: number, to: number) =>
    gapsOf(lines, { fromMs: from * 1000, toMs: to * 1000 }).map(({ fromMs, toMs }) => [
      fromMs / 1000,
      toMs / 1000,
    ]);
  const every = (step: number, from: number, to: number) =>
    Array.from({ length: (to - from) / step + 1 }, (_, i) => cpu(from + i * step, 1));

  test('are where no line has a reading for longer than usual', () => {
    expect(gaps([[...every(10, 0, 50), ...every(10, 100, 150)]], 0, 150)).toEqual([[50, 100]]);
    expect(gaps([[...every(10, 0, 50), ...every(10, 100, 150)], every(10, 0, 150)], 0, 150)).toEqual([]);
  });

  test('are at the edges too, but not where a reading is merely near', () => {
    expect(gaps([every(10, 50, 100)], 0, 200)).toEqual([
      [0, 25],
      [125, 200],
    ]);
    expect(gaps([every(10, 10, 190)], 0, 200)).toEqual([]);
  });

  test('are all of a time without readings', () => {
    expect(gaps([[]], 0, 200)).toEqual([[0, 200]]);
    expect(gaps([], 0, 200)).toEqual([[0, 200]]);
  });
});
