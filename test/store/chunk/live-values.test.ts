import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { ChunkError } from '../../../src/store/chunk/bytes.ts';
import { packLiveValues, unpackLiveValues } from '../../../src/store/chunk/live-values.ts';

const value = fc.record({
  code: fc.integer({ min: 1, max: 255 }),
  gpu: fc.oneof(fc.constant(''), fc.string({ maxLength: 40 })),
  value: fc.double({ noNaN: true }),
});

test('values are unpacked as they were packed', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 80 }), (values) => {
      expect(unpackLiveValues(packLiveValues(values))).toEqual(values);
    }),
  );
});

test('the values of GPUs beyond the 255th are left out', () => {
  const values = Array.from({ length: 300 }, (_, at) => ({ code: 25, gpu: `GPU-${at}`, value: at }));
  expect(unpackLiveValues(packLiveValues(values))).toEqual(values.slice(0, 255));
});

test('cut and other bytes are damage, and never anything else', () => {
  const bytes = packLiveValues([
    { code: 1, gpu: '', value: 1 },
    { code: 25, gpu: 'GPU-a', value: 2 },
  ]);
  expect(() => unpackLiveValues(bytes.subarray(0, -1))).toThrow(ChunkError);
  expect(() => unpackLiveValues(new Uint8Array())).toThrow(ChunkError);
  expect(() => unpackLiveValues(Uint8Array.of(2, 0))).toThrow('version is 2');
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const changed = bytes.slice();
      changed[at] = byte;
      try {
        unpackLiveValues(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(ChunkError);
      }
    }),
  );
});
