import { expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  packedBytes,
  packLists,
  packNumbers,
  packTexts,
  spanOfPacked,
  unpackLists,
  unpackNumbers,
  unpackTexts,
} from '../../../../src/store/sqlite/columns/pack.ts';
import { idPartFinder } from '../../../../src/store/sqlite/lists/id-part.ts';

const none = fc.constant(Number.NaN);
const times = fc.integer({ min: 1.7e12, max: 1.8e12 });
const usages = fc.integer({ min: 0, max: 1e8 }).map((millionths) => millionths / 1e6);
const numbers = fc.oneof(
  ...[fc.integer({ min: 0, max: 3 }), times, usages, fc.double({ noNaN: true, noDefaultInfinity: true })].map(
    (one) => fc.array(fc.oneof({ weight: 4, arbitrary: one }, none), { maxLength: 40 }),
  ),
);
/** Packed lists are read from the middle of other bytes. */
const shifted = (data: Uint8Array, by: number) => {
  const bytes = new Uint8Array(data.length + by);
  bytes.set(data, by);
  return bytes.subarray(by);
};
/** Codes have no zero with a sign, and no list asks for it. */
const plain = (values: ArrayLike<number>) => Array.from(values, (value) => value + 0);

test('numbers, texts and lists are read back as they were packed', () => {
  fc.assert(
    fc.property(numbers, fc.nat(9), (values, by) => {
      const data = shifted(packNumbers(values), by);
      expect(plain(unpackNumbers(data))).toEqual(plain(values));
      const known = plain(values.filter((value) => !Number.isNaN(value)));
      const { low, high } = spanOfPacked(data);
      expect([low + 0, high + 0]).toEqual(
        known.length === 0 ? [Number.NaN, Number.NaN] : [Math.min(...known), Math.max(...known)],
      );
      expect(packedBytes(data)).toBe(data.length);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.option(fc.string({ unit: 'binary', maxLength: 5 }))), (texts) => {
      const { places, words } = unpackTexts(packTexts(texts));
      expect(Array.from(places, (place) => words[place] ?? null)).toEqual(texts);
      expect(new Set(words).size).toBe(words.length);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat())), (lists) => {
      const { counts, values } = unpackLists(packLists(lists));
      expect([plain(counts), plain(values)]).toEqual([lists.map(({ length }) => length), lists.flat()]);
    }),
  );
});

test('digits are found in a number as in its text', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0129'), minLength: 1, maxLength: 7 });
  const ids = fc.array(fc.oneof(fc.nat(30_000), fc.nat({ max: 10 ** 7 }), fc.maxSafeNat()));
  fc.assert(
    fc.property(digits, ids, fc.nat(10 ** 6), (part, some, first) => {
      const isIn = idPartFinder(part);
      const all = [...some, Number(part), ...Array.from({ length: 200 }, (_, at) => first + 97 * at)];
      expect(all.filter(isIn)).toEqual(all.filter((id) => String(id).includes(part)));
    }),
  );
});

test('a column takes as few bytes as its numbers need', () => {
  const bytesOf = (values: readonly number[]) => packNumbers(values).length - 32;
  expect(bytesOf(Array(100).fill(7))).toBe(0);
  expect(bytesOf(Array(100).fill(Number.NaN))).toBe(0);
  expect(bytesOf([1e12, Number.NaN, 1e12 + 250])).toBe(3);
  expect(bytesOf([0.5, 99.123, 12.25])).toBe(3 * 4);
  expect(bytesOf([0.5, 99.5, 65])).toBe(3 * 4);
  expect(bytesOf([1 / 3, 2 / 3])).toBe(2 * 8);
  expect(bytesOf([1.7e12, 1.7e12 + 7 * 86_400_000])).toBe(2 * 4);
  expect(bytesOf([0, 1e12])).toBe(2 * 8);
});
