import { expect, test } from 'bun:test';
import { harmless, PLAIN } from '../../src/report/paper.ts';
import { type Column, renderTable } from '../../src/report/table.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly count: string;
}

const COLUMNS: Column<Row>[] = [
  { head: 'id', align: 'left', rank: 0, cell: ({ id }) => id },
  { head: 'name', align: 'left', rank: 2, most: 12, least: 6, cell: ({ name }) => harmless(name) },
  { head: 'count', align: 'right', rank: 1, cell: ({ count }) => count },
];
const ROWS: Row[] = [
  { id: '1', name: '計算ノード一号機', count: '7' },
  { id: '2', name: 'train', count: '12345' },
];

const render = (columns?: number) =>
  renderTable(ROWS, COLUMNS, { ...PLAIN, ...(columns !== undefined && { columns }) });

test('a table is as wide as its cells, cut at the most, and wide characters take two columns', () => {
  expect(render()).toBe('id  name         count\n1   計算ノード…      7\n2   train        12345\n');
});

test('on narrow paper a column is first cut down to its least, then left out, and rank 0 stays', () => {
  expect(render(17)).toBe('id  name   count\n1   計算…      7\n2   train  12345\n');
  expect(render(16)).toBe('id  count\n1       7\n2   12345\n');
  expect(render(3)).toBe('id\n1\n2\n');
});

test.each([
  ['\u001b[2J', '�[2J'],
  ['a\r\nb\tc\u009b', 'a��b�c�'],
  ['\u202eabc\u2066', '�abc�'],
  ['\u200b\ufeff\u2028', '���'],
  ['\ud800x', '�x'],
  ['é 計算 🚀', 'é 計算 🚀'],
])('%j is shown as %s', (text, shown) => {
  expect(harmless(text)).toBe(shown);
});
