import { expect, test } from 'bun:test';
import { createRandom } from '../../../../src/demo/random.ts';
import { LogIndex, type LogPage, type LogView } from '../../../../src/store/sqlite/samples/log-index.ts';
import { SeriesPlaces } from '../../../../src/store/sqlite/samples/series-places.ts';

interface ModelRow {
  readonly seq: number;
  readonly series: readonly number[];
}

const rowsOf = ({ pages, nextSeq }: LogView): ModelRow[] => {
  const rows = pages.flatMap(rowsOfPage);
  if (rows.length > 0) expect(rows.at(-1)!.seq).toBe(nextSeq - 1);
  return rows;
};

const rowsOfPage = ({ series, times, starts, firstSeq, fromRow, toRow }: LogPage): ModelRow[] =>
  Array.from({ length: toRow - fromRow }, (_, index) => {
    const row = fromRow + index;
    const [start, end] = [starts[row]!, starts[row + 1]!];
    expect([...times.subarray(start, end)]).toEqual([...series.subarray(start, end)].map((one) => one * 2));
    return { seq: firstSeq + row, series: [...series.subarray(start, end)] };
  });

test.each([1, 2, 3])(
  'a view of the index does not change when rows are appended or dropped later (seed %d)',
  (seed) => {
    const random = createRandom(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const index = new LogIndex(true, 100);
    index.reset(7);
    let rows: ModelRow[] = [];
    let nextSeq = 7;
    const views: { view: LogView; rows: ModelRow[] }[] = [];
    for (let round = 0; round < 400; round++) {
      if (below(4) > 0) {
        const series = Int32Array.from({ length: below(60) }, () => below(1000));
        index.append(
          series,
          Float64Array.from(series, (one) => one * 2),
        );
        rows.push({ seq: nextSeq++, series: [...series] });
      } else {
        const beforeSeq = nextSeq - below(rows.length + 2);
        index.drop(beforeSeq);
        rows = rows.filter(({ seq }) => seq >= beforeSeq);
      }
      expect(index.nextSeq).toBe(nextSeq);
      expect(index.samples).toBe(rows.reduce((sum, { series }) => sum + series.length, 0));
      if (below(10) === 0) views.push({ view: index.view(), rows: [...rows] });
    }
    expect(views.length).toBeGreaterThan(20);
    for (const one of views) expect(rowsOf(one.view)).toEqual(one.rows);
    const middle = rows.slice(1, -1);
    expect(rowsOf(index.view(middle[0]!.seq, middle.at(-1)!.seq + 1))).toEqual(middle);
  },
);

test.each([
  ['none', []],
  ['one', [5]],
  ['close together', [5, 900_004, 7]],
  ['far apart', [5, 2_000_000_000, 1]],
])('each series of a list has its place, and other series have none: %s', (_, list) => {
  const places = new SeriesPlaces(list);
  expect(list.map((series) => places.of(series))).toEqual([...list.keys()]);
  for (const other of [0, 6, 8, 900_003, 900_005, 2_000_000_001]) expect(places.of(other)).toBe(-1);
});

test('an index takes no more memory than its samples and a page, however much has come and gone', () => {
  const index = new LogIndex(true);
  const series = new Int32Array(2000);
  const times = new Float64Array(2000);
  for (let row = 0; row < 2000; row++) {
    index.append(series, times);
    index.drop(index.nextSeq - 500);
  }
  expect(index.samples).toBe(1_000_000);
  const bytes = index
    .view()
    .pages.map((page) => page.series.byteLength + page.times.byteLength + page.starts.byteLength)
    .reduce((sum, one) => sum + one, 0);
  expect(bytes).toBeLessThan(12 * (1_000_000 + 3 * 65_536));
});
