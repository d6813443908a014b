import { expect, test } from 'bun:test';
import { chooseFormat, csvLine, streamRows } from '../../src/http/rows.ts';

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
  expect(csvLine([' a ', '=1+1', '-5', 'zoë 🧪', "it's"])).toBe(" a ,=1+1,-5,zoë 🧪,it's\r\n");
});

/** Batches without end; tells how many were made, and whether the maker was let go. */
function endless() {
  const seen = { made: 0, isLetGo: false };
  async function* batches() {
    try {
      for (;;) {
        seen.made++;
        yield [{ id: 'x'.repeat(1000) }];
      }
    } finally {
      seen.isLetGo = true;
    }
  }
  return { seen, batches: batches() };
}

test('rows are made no faster than they are read, and no more once the reader has left', async () => {
  const { seen, batches } = endless();
  const reader = (await streamRows(batches, 'csv', ['id'])).body!.getReader();
  for (let read = 0; read < 10; read++) await reader.read();
  await Bun.sleep(5);
  expect(seen.made).toBeGreaterThan(9);
  expect(seen.made).toBeLessThan(15);
  await reader.cancel();
  expect(seen.isLetGo).toBe(true);
});

test('a failure on the way breaks the answer off', async () => {
  async function* batches() {
    yield [{ id: 'a' }];
    throw new Error('gone');
  }
  const response = await streamRows(batches(), 'ndjson', ['id']);
  expect(response.text()).rejects.toThrow('gone');
});
