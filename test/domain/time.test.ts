import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatTime, parseDuration, parseTime, requirePastTime } from '../../src/domain/time.ts';

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
  '9999-12-31T23:59:59-00:01',
  '0099-01-20T10:00:00Z',
  '0070-01-01',
  '0000-01-01T00:00+01:00',
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

test('a formatted time parses back to itself in any time zone', () => {
  const LATEST_MS = Date.UTC(9999, 11, 30);
  const times = fc.integer({ min: 86_400_000, max: LATEST_MS });
  const offsets = fc.integer({ min: -(23 * 60 + 59), max: 23 * 60 + 59 });
  fc.assert(
    fc.property(times, offsets, (timeMs, offsetMinutes) => {
      expect(parseTime(formatTime(timeMs))).toBe(timeMs);
      const local = formatTime(timeMs + offsetMinutes * 60_000).slice(0, -1);
      const [hours, minutes] = [Math.trunc(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60];
      const zone = `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
      if (offsetMinutes >= 0) expect(parseTime(`${local} ${zone}`)).toBe(timeMs);
      expect(parseTime(`${local}${offsetMinutes < 0 ? '-' : '+'}${zone}`)).toBe(timeMs);
    }),
  );
});

test('no text makes the parser throw, and every time it accepts can be formatted', () => {
  const pieces = fc.constantFrom(
    '2026',
    '-',
    '01',
    '20',
    'T',
    ':',
    '59',
    'Z',
    '.',
    '5',
    '+',
    ' ',
    '99',
    '31',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
      const timeMs = parseTime(parts.join(''));
      if (timeMs !== undefined) expect(parseTime(formatTime(timeMs))).toBe(timeMs);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  [0, 'none'],
  [10 * 60_000, 'none'],
  [10 * 60_000 + 1, 'validation_error'],
])('a time %d ms ahead of the clock is refused with %s', (aheadMs, code) => {
  const nowMs = Date.UTC(2026, 0, 20);
  const read = () => requirePastTime('timestamp', formatTime(nowMs + aheadMs), nowMs);
  if (code === 'none') expect(read()).toBe(nowMs + aheadMs);
  else expect(read).toThrow('timestamp');
});
