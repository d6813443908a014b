import { expect, test } from 'bun:test';
import { clockDifferenceMs, isNewerReport, isSilent } from '../../src/domain/node-report.ts';
import { NOON_MS } from '../help/clock.ts';
import { nodeReport } from '../help/node-report.ts';

const received = (sentMs: number, receivedMs: number, intervalMs = 15_000) => ({
  report: nodeReport({ timeMs: NOON_MS + sentMs, intervalMs }),
  receivedMs: NOON_MS + receivedMs,
});
const known = (timeMs: number) => ({ timeMs: NOON_MS + timeMs });

const ROWS: [what: string, knownMs: number, sentMs: number, receivedMs: number, isNewer: boolean][] = [
  ['a later report', 0, 1, 2, true],
  ['a report that is sent again', 0, 0, 5, true],
  ['an older one, from a spool', 10, 9, 11, false],
  ['an older one, if the clock of the node was ahead before', 3_600_000, 10, 11, true],
];
test.each(ROWS)(
  '%s: known %d, sent %d, received %d, replaces the known one: %p',
  (_, knownMs, sentMs, receivedMs, isNewer) => {
    expect(isNewerReport(known(knownMs), received(sentMs, receivedMs))).toBe(isNewer);
  },
);

test('a node is silent after five minutes by the clock of the server, and with a long interval after four of them', () => {
  expect(isSilent(received(-86_400_000, 0), NOON_MS + 300_000)).toBe(false);
  expect(isSilent(received(0, 0), NOON_MS + 300_001)).toBe(true);
  expect(isSilent(received(0, 0, 600_000), NOON_MS + 2_400_000)).toBe(false);
  expect(isSilent(received(0, 0, 600_000), NOON_MS + 2_400_001)).toBe(true);
});

test('the clock difference is what the clock of the server is ahead', () => {
  expect(clockDifferenceMs(received(-2500, 10))).toBe(2510);
  expect(clockDifferenceMs(received(2000, 0))).toBe(-2000);
});
