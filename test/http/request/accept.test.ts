import { expect, test } from 'bun:test';
import { acceptsGzip, chooseFormat } from '../../../src/http/request/accept.ts';

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

test.each(ACCEPTS)('the header Accept: %s chooses the format %s', (accept, format) => {
  expect(chooseFormat(accept)).toBe(format as never);
});

const ENCODINGS: [header: string | null, isAccepted: boolean][] = [
  [null, false],
  ['', false],
  ['gzip', true],
  ['GZIP', true],
  ['deflate, gzip;q=1.0, *;q=0.5', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000, *', false],
  ['gzip;q=0.001', true],
  ['*', true],
  ['*;q=0', false],
  ['br, zstd', false],
  ['identity', false],
  ['x-gzip', false],
  [';;,,;q=', false],
];

test.each(ENCODINGS)('the header Accept-Encoding: %s accepts gzip: %s', (header, isAccepted) => {
  expect(acceptsGzip(header)).toBe(isAccepted);
});
