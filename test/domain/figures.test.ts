import { expect, test } from 'bun:test';
import {
  formatAgo,
  formatAmount,
  formatBytes,
  formatCount,
  formatMb,
  formatPercent,
  formatSeconds,
  groupDigits,
} from '../../src/domain/figures.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '0.98 KB'],
  [17.6 * 2 ** 30, '17.6 GB'],
  [2 ** 40, '1 TB'],
  [2 ** 50 * 5000, '5000 PB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('MB are of 2^20 bytes', () => {
  expect(formatMb(1536)).toBe('1.50 GB');
});

test.each([
  [0, '0 %'],
  [0.04, '0 %'],
  [0.44, '0.4 %'],
  [57.4, '57 %'],
  [100, '100 %'],
])('%d percent is %s', (percent, text) => {
  expect(formatPercent(percent)).toBe(text);
});

test.each([
  [-5, '0 s'],
  [42, '42 s'],
  [365, '6 min 5 s'],
  [3600, '1 h'],
  [12_000, '3 h 20 min'],
  [187_200, '2 d 4 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test.each([
  [1, 'now'],
  [90, '1 min ago'],
  [100_000, '27 h ago'],
  [200_000, '2 d ago'],
  [-90, 'in 1 min'],
])('%d seconds back is %s', (seconds, text) => {
  expect(formatAgo(0, seconds * 1000)).toBe(text);
});

test('a count has its noun', () => {
  expect([formatCount(1, 'node'), formatCount(12_000, 'node')]).toEqual(['1 node', '12 000 nodes']);
});

test('amounts have three digits, and a little is not nothing', () => {
  expect([0, 0.001, 0.25, 12.34, 999, 1234.5].map(formatAmount)).toEqual([
    ...['0', '<0.01', '0.25', '12.3', '999', groupDigits(1235)],
  ]);
});
