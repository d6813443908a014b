import { expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  coverDays,
  coverRange,
  DAY,
  openEnd,
  type SpanRow,
  spansAt,
  wholeDays,
  widenRange,
} from '../../../src/domain/tally/spans.ts';

const HOUR_MS = 3_600_000;
/** In hours since 1970. */
const NOON = Date.UTC(2026, 0, 20, 12) / HOUR_MS;
const MIDNIGHT = NOON - 12;

test('a range is of whole hours near the present, and of whole days before', () => {
  const widen = (from: number, to: number) => widenRange(from * HOUR_MS, to * HOUR_MS, NOON * HOUR_MS);
  expect(widen(NOON - 24.5, NOON - 0.5)).toEqual({ from: NOON - 25, to: NOON });
  expect(widen(NOON - 49, NOON)).toEqual({ from: MIDNIGHT - 2 * DAY, to: NOON });
  expect(widen(NOON - 100, NOON - 99)).toEqual({ from: MIDNIGHT - 4 * DAY, to: MIDNIGHT - 3 * DAY });
  expect(wholeDays({ from: NOON, to: NOON + 1 })).toEqual({ from: MIDNIGHT, to: MIDNIGHT + DAY });
});

test('every hour of a range is in exactly one of the spans that cover it, and no other hour is', () => {
  const hours = fc.tuple(fc.integer({ min: 0, max: 400 * DAY }), fc.integer({ min: 0, max: 400 * DAY }));
  fc.assert(
    fc.property(hours, fc.integer({ min: 0, max: 400 * DAY }), ([one, other], hour) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other)];
      const covered = coverRange({ from, to }).flatMap(({ hours: length, first, last }) =>
        Array.from(
          { length: (last - first) / length + 1 },
          (_, place) => `${length} ${first + place * length}`,
        ),
      );
      const ofHour = new Set(spansAt(hour, 0).map(({ hours: length, start }) => `${length} ${start}`));
      const times = covered.filter((span) => ofHour.has(span)).length;
      expect(times).toBe(hour >= from && hour < to ? 1 : 0);
    }),
  );
});

const spansOf = (rows: readonly SpanRow[]): string[] =>
  rows.flatMap(({ hours, first, last }) =>
    Array.from({ length: (last - first) / hours + 1 }, (_, place) => `${hours} ${first + place * hours}`),
  );

test('every day of a range is once more in the spans that are added than in those taken away, and no other', () => {
  const day = fc.integer({ min: 0, max: 400 });
  fc.assert(
    fc.property(day, day, day, (one, other, wanted) => {
      const [from, to] = [Math.min(one, other) * DAY, Math.max(one, other) * DAY];
      const { added, taken } = coverDays({ from, to });
      const ofDay = new Set(spansAt(wanted * DAY, Infinity).map(({ hours, start }) => `${hours} ${start}`));
      const times = (rows: readonly SpanRow[]) => spansOf(rows).filter((span) => ofDay.has(span)).length;
      const isIn = wanted * DAY >= from && wanted * DAY < to;
      expect(times(added) - times(taken)).toBe(Number(isIn));
      expect(times(taken)).toBeLessThanOrEqual(times(added));
      expect(spansOf(added).length + spansOf(taken).length).toBeLessThanOrEqual(
        spansOf(coverRange({ from, to })).length,
      );
    }),
    { numRuns: 1000 },
  );
  for (let start = 0; start < 64; start++) {
    const { added, taken } = coverDays({ from: start * DAY, to: (start + 365) * DAY });
    expect(spansOf(added).length + spansOf(taken).length).toBeLessThanOrEqual(21);
  }
});

test('a year of whole days is covered by some thirty spans', () => {
  for (let start = 0; start < 64; start++) {
    const rows = coverRange({ from: start * DAY, to: (start + 365) * DAY });
    const spans = rows.reduce((sum, { hours, first, last }) => sum + (last - first) / hours + 1, 0);
    expect(spans).toBeLessThanOrEqual(36);
  }
});

test('hours before those that are kept have no span of their own', () => {
  expect(spansAt(NOON, NOON).map(({ hours }) => hours)).toEqual([1, 24, 192, 1536]);
  expect(spansAt(NOON, NOON + 1).map(({ hours }) => hours)).toEqual([24, 192, 1536]);
});

test('a range that ends in the present is covered as if it ended later; one that ended before is not', () => {
  expect(openEnd({ from: MIDNIGHT, to: NOON }, (NOON - 1) * HOUR_MS).to % (64 * DAY)).toBe(0);
  expect(openEnd({ from: MIDNIGHT, to: NOON }, (NOON - 1) * HOUR_MS).to).toBeGreaterThanOrEqual(NOON);
  expect(openEnd({ from: MIDNIGHT, to: NOON }, NOON * HOUR_MS)).toEqual({ from: MIDNIGHT, to: NOON });
});
