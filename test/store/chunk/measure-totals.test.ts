import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { SeriesMeasures } from '../../../src/domain/measure-summary.ts';
import { ChunkError } from '../../../src/store/chunk/bytes.ts';
import { packTotals, unpackTotals } from '../../../src/store/chunk/measure-totals.ts';

const number = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
);
const totals = fc.record({
  code: fc.integer({ min: 1, max: 255 }),
  gpu: fc.constantFrom('', 'GPU-a', 'GPU-ü'),
  count: fc.maxSafeNat(),
  sum: number,
  max: number,
  zeros: fc.nat(),
});

test('totals are unpacked as they were packed', () => {
  fc.assert(
    fc.property(fc.array(totals, { maxLength: 30 }), (measures) => {
      expect(unpackTotals(packTotals(measures))).toEqual(measures);
    }),
  );
});

const EXAMPLE: SeriesMeasures = [
  { code: 1, gpu: '', count: 3, sum: 1.5, max: 1, zeros: 0 },
  { code: 25, gpu: 'GPU-a', count: 2, sum: 0, max: 0, zeros: 2 },
];

test('the bytes are those of docs/storage.md', () => {
  expect(Buffer.from(packTotals(EXAMPLE)).toString('hex')).toBe(
    '01' + '02' + '0a' + '4750552d61' + '04' + '0100060003000000000000f83f02' + '190204040000',
  );
});

test('cut, longer and other bytes are damage, and never anything else', () => {
  const bytes = packTotals(EXAMPLE);
  for (let end = 0; end < bytes.length; end++)
    expect(() => unpackTotals(bytes.subarray(0, end))).toThrow(ChunkError);
  expect(() => unpackTotals(Buffer.concat([bytes, Uint8Array.of(0)]))).toThrow(ChunkError);
  expect(() => unpackTotals(Uint8Array.of(2))).toThrow('version is 2');
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const changed = bytes.slice();
      changed[at] = byte;
      try {
        unpackTotals(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(ChunkError);
      }
    }),
  );
});
