import { expect, test } from 'bun:test';
import { csvLine, renderRows } from '../../../src/http/response/table.ts';

test('CSV quotes texts that contain a separator, a quote or a line break, and no others', () => {
  expect(csvLine(['a', 1.5, undefined, ['n1', 'n2'], ''])).toBe('a,1.5,,n1 n2,\r\n');
  expect(csvLine(['a,b', 'say "x"', 'two\r\nlines', '"'])).toBe('"a,b","say ""x""","two\r\nlines",""""\r\n');
  expect(csvLine([' a ', 'zoë 🧪', "it's"])).toBe(" a ,zoë 🧪,it's\r\n");
});

const FORMULAS: [text: string, cell: string][] = [
  ['=HYPERLINK("http://evil","x")', '"\'=HYPERLINK(""http://evil"",""x"")"'],
  ['+1', "'+1"],
  ['-5', "'-5"],
  ['@sum', "'@sum"],
  ['\t=1', "'\t=1"],
  ['\r=1', '"\'\r=1"'],
  ["'=1", "''=1"],
  ['＝1+1', "'＝1+1"],
  ['a=1', 'a=1'],
  ["'quoted", "'quoted"],
];
test.each(FORMULAS)('the text %j becomes the cell %s, which no spreadsheet runs', (text, cell) => {
  expect(csvLine([text])).toBe(`${cell}\r\n`);
});

test('numbers are never guarded, and a list is guarded by its first text', () => {
  expect(csvLine([-5, -0.5, ['-n1', 'n2'], ['n1', '-n2']])).toBe("-5,-0.5,'-n1 n2,n1 -n2\r\n");
});

test('rows are rendered in parts below the names of their columns', async () => {
  async function* batches() {
    yield [{ id: 'a', user: 'x' }];
    yield Array.from({ length: 120 }, (_, index) => ({ id: `b${index}`, user: '-' }));
  }
  const parts = await Array.fromAsync(renderRows(batches(), 'csv', ['id', 'user']));
  expect(parts.length).toBeGreaterThan(3);
  const lines = parts.join('').split('\r\n');
  expect([lines[0], lines[1], lines[121], lines[122]]).toEqual(['id,user', 'a,x', "b119,'-", '']);
  expect((await Array.fromAsync(renderRows(batches(), 'ndjson', []))).join('').split('\n')[1]).toBe(
    '{"id":"b0","user":"-"}',
  );
});
