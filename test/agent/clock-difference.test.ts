import { expect, test } from 'bun:test';
import { watchClock } from '../../src/agent/clock-difference.ts';
import { NOON_MS } from '../help/clock.ts';

/** Answers by a server whose clock is `behindMs` behind; each takes `tookMs`. */
function watching() {
  const told: string[] = [];
  const watch = watchClock({
    warn: (event, { aheadSeconds }) => void told.push(`${event} ${aheadSeconds}`),
    info: (event, { aheadSeconds }) => void told.push(`${event} ${aheadSeconds}`),
  });
  return {
    told,
    answer(behindMs: number, tookMs = 20) {
      const serverMs = Math.floor((NOON_MS + tookMs / 2 - behindMs) / 1000) * 1000;
      watch({ sentMs: NOON_MS, receivedMs: NOON_MS + tookMs, serverMs });
    },
  };
}

test('a clock more than five seconds ahead or behind is reported once, and again when it agrees', () => {
  for (const behindMs of [7000, -7000]) {
    const { told, answer } = watching();
    for (let times = 0; times < 3; times++) answer(behindMs);
    answer(2000);
    answer(2000);
    expect(told).toEqual([`clock_differs ${Math.sign(behindMs) * 7}`, 'clock_agrees 2']);
  }
});

test('a small difference, and one that may be the time of a slow answer, are not told', () => {
  const { told, answer } = watching();
  for (const behindMs of [0, 900, 4900, -4900, 5300]) answer(behindMs);
  answer(7000, 6000);
  answer(60_000, 20_000);
  expect(told).toEqual([]);
  answer(12_000, 6000);
  expect(told).toEqual(['clock_differs 12']);
});
