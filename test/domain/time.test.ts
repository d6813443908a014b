import { expect, test } from 'bun:test';
import { parseDuration, parseTime } from '../../src/domain/time.ts';

test.each([
  ['2026-01-20T10:00:00Z', Date.UTC(2026, 0, 20, 10)],
  ['2026-01-20T10:00:00', Date.UTC(2026, 0, 20, 10)],
  ['2026-01-20', Date.UTC(2026, 0, 20)],
  ['2026-01-20T10:00+01:00', Date.UTC(2026, 0, 20, 9)],
  ['2026-01-20T10:00 01:00', Date.UTC(2026, 0, 20, 9)],
  ['2026-01-20T10:00:00.1239-0530', Date.UTC(2026, 0, 20, 15, 30, 0, 123)],
])('%s is an ISO 8601 time', (text, timeMs) => {
  expect(parseTime(text)).toBe(timeMs);
});

test.each([
  '',
  'yesterday',
  '2026-02-30',
  '2026-13-01',
  '2026-01-20T24:00',
  '2026-01-20T10:60',
  '1969-12-31T23:59:59Z',
  '1700000000',
])('%p is no time', (text) => {
  expect(parseTime(text)).toBeUndefined();
});

test.each([
  ['90s', 90_000],
  ['30d', 30 * 86_400_000],
  ['2y', 730 * 86_400_000],
])('%s is a duration', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '30', 'd', '1.5h', '-1s', '30 d'])('%p is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
