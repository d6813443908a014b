import { expect, test } from 'bun:test';
import { chooseFormat, csvLine, renderRows } from '../../../src/http/response/table.ts';

const ACCEPTS: [accept: string | null, format: string][] = [
  [null, 'json'],
  ['', 'json'],
  ['*/*', 'json'],
  ['application/json', 'json'],
  ['text/csv', 'csv'],
  ['TEXT/CSV; charset=utf-8', 'csv'],
  ['text/csv;header=present;q=0.5', 'csv'],
  ['text/*', 'csv'],
  ['application/x-ndjson', 'ndjson'],
  ['application/*', 'json'],
  ['text/csv, */*', 'csv'],
  ['text/csv;q=0.9, */*;q=0.8', 'csv'],
  ['text/csv;q=0.5, application/json', 'json'],
  ['text/csv;q=0.5, application/x-ndjson;q=0.7', 'ndjson'],
  ['application/json, text/csv', 'json'],
  ['text/csv;q=0', 'json'],
  ['text/csv;q=0, text/*', 'json'],
  ['application/json;q=0, */*', 'csv'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', 'json'],
  ['text/html', 'json'],
  ['application/pdf, image/png', 'json'],
  [';;,,;q=', 'json'],
];

test.each(ACCEPTS)('Accept: %s gets %s', (accept, format) => {
  expect(chooseFormat(accept)).toBe(format as never);
});

test('CSV quotes what would break a line apart, and nothing else', () => {
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
test.each(FORMULAS)('the text %j is the cell %s, which no spreadsheet runs', (text, cell) => {
  expect(csvLine([text])).toBe(`${cell}\r\n`);
});

test('numbers are never guarded, and of a list its first text decides', () => {
  expect(csvLine([-5, -0.5, ['-n1', 'n2'], ['n1', '-n2']])).toBe("-5,-0.5,'-n1 n2,n1 -n2\r\n");
});

test('rows are parts of text under the names of their columns', async () => {
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
