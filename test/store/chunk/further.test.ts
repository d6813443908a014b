import { describe, expect, test } from 'bun:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { createRandom } from '../../../src/demo/random.ts';
import { compareFurther, type FurtherColumn, type SampleColumns } from '../../../src/domain/readings.ts';
import { ChunkError, columnsOf, packColumns, unpackColumns } from '../../../src/store/chunk/chunk.ts';
import { realisticSeries } from '../../help/noise.ts';
import { wideColumns } from '../../help/wide-noise.ts';

const GPUS = ['GPU-8f3a', 'GPU-b1c2', 'MIG-ü'];
const CODES = {
  cpu: 1,
  user: 2,
  system: 3,
  used: 5,
  current: 7,
  anonymous: 8,
  shared: 9,
  cache: 10,
  power: 28,
};

const plain = (count: number): SampleColumns => columnsOf(realisticSeries(count));
const job = (code: number, values: ArrayLike<number>): FurtherColumn => ({
  code,
  gpu: '',
  values: Float64Array.from(values),
});
const withFurther = (further: readonly FurtherColumn[], base = plain(further[0]!.values.length)) => ({
  ...base,
  further: further.toSorted(compareFurther),
});

/** Compares to the bit: deepEquals takes -0 for 0. */
function expectSame(got: SampleColumns, wanted: SampleColumns): void {
  const bits = ({ times, cpu, memory, gpu, further = [] }: SampleColumns) => ({
    keys: further.map((column) => `${column.code} ${column.gpu}`),
    columns: [times, cpu, memory, gpu, ...further.map(({ values }) => values)].map((values) =>
      Buffer.from(
        Float64Array.from(values, (value) => (Number.isNaN(value) ? Number.NaN : value)).buffer,
      ).toString('hex'),
    ),
  });
  expect(bits(got)).toEqual(bits(wanted));
}

const expectExact = (samples: SampleColumns) =>
  expectSame(unpackColumns(packColumns(samples), 'all'), samples);

/** The same chunk with another checksum, which is what a fault of ours would leave and damage would not. */
function sign(chunk: Uint8Array): Uint8Array {
  new DataView(chunk.buffer).setUint32(1, crc32(chunk.subarray(5), chunk[0]), true);
  return chunk;
}

describe('the further measures of a chunk are unpacked to the bit', () => {
  const number = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 45 }).map((pages) => pages * 4096),
    fc.integer({ min: 0, max: 10 ** 9 }).map((n) => n / 1000),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 1 / 3, Number.MAX_VALUE, Number.MIN_VALUE, -1),
  );
  const value = fc.oneof({ weight: 5, arbitrary: number }, { weight: 1, arbitrary: fc.constant(Number.NaN) });
  const key = fc.record({ code: fc.integer({ min: 1, max: 255 }), gpu: fc.constantFrom('', '', ...GPUS) });
  const samples = fc.integer({ min: 1, max: 60 }).chain((count) =>
    fc
      .array(fc.tuple(key, fc.array(value, { minLength: count, maxLength: count })), {
        minLength: 1,
        maxLength: 12,
      })
      .map((columns) => {
        const byKey = new Map(
          columns.map(([{ code, gpu }, values]) => [
            `${code} ${gpu}`,
            { code, gpu, values: Float64Array.from(values) },
          ]),
        );
        return withFurther([...byKey.values()]);
      }),
  );
  test('whatever they are', () => {
    fc.assert(
      fc.property(samples, (some) => {
        const measured = some.further.filter(({ values }) => values.some((one) => !Number.isNaN(one)));
        expectSame(unpackColumns(packColumns(some), 'all'), { ...some, further: measured });
      }),
      { numRuns: 500 },
    );
  });

  test('whatever the columns are that others are calculated from', () => {
    const codes = fc.uniqueArray(fc.constantFrom(1, 2, 3, 5, 7, 8, 9, 10), { minLength: 2 });
    const decimals = fc.constantFrom(1, 1000, 1e6);
    const some = fc
      .tuple(codes, decimals, fc.integer({ min: 1, max: 40 }), fc.nat())
      .map(([all, power, count, seed]) => {
        const random = createRandom(seed);
        return withFurther(
          all.map((code) =>
            job(
              code,
              Array.from({ length: count }, () =>
                random() < 0.1 ? Number.NaN : Math.floor(random() * 2 ** 45) / power,
              ),
            ),
          ),
        );
      });
    fc.assert(
      fc.property(some, (one) => {
        const measured = one.further.filter(({ values }) => values.some((each) => !Number.isNaN(each)));
        expectSame(unpackColumns(packColumns(one), 'all'), { ...one, further: measured });
      }),
      { numRuns: 500 },
    );
  });

  test('of believable jobs', () => {
    for (const seed of [1, 2, 3]) expectExact(wideColumns(500, seed));
  });

  test('of one sample', () => {
    expectExact(withFurther([job(1, [0.5]), { code: 28, gpu: GPUS[0]!, values: Float64Array.of(300) }]));
  });
});

describe('reading a chunk with further measures', () => {
  const further = [
    job(CODES.cpu, [10, 20, 30]),
    job(CODES.user, [9, 18, 28]),
    job(CODES.system, [1, 2, 2]),
    ...GPUS.map((gpu, place) => ({
      code: CODES.power,
      gpu,
      values: Float64Array.of(place, Number.NaN, 300),
    })),
    { code: 29, gpu: GPUS[1]!, values: Float64Array.of(40, 41, 42) },
  ];
  const chunk = packColumns(withFurther(further));
  const keysOf = ({ further: found }: SampleColumns) => found?.map(({ code, gpu }) => `${code} ${gpu}`);

  test('without asking for any gives the documented values alone', () => {
    expect(chunk[0]).toBe(2);
    expect(unpackColumns(chunk)).toEqual(plain(3));
  });

  test('gives the wanted measures of the job, with those that they are calculated from', () => {
    const found = unpackColumns(chunk, { codes: [CODES.system, CODES.power], gpus: false });
    expect(found).toEqual({ ...plain(3), further: [further[2]!] });
  });

  test('gives the wanted measures of each GPU', () => {
    const found = unpackColumns(chunk, { codes: [CODES.system, CODES.power], gpus: true });
    expect(keysOf(found)).toEqual(GPUS.map((gpu) => `28 ${gpu}`));
    expect([...found.further![1]!.values]).toEqual([1, Number.NaN, 300]);
  });

  test('that the chunk does not have give the documented values alone', () => {
    expect(unpackColumns(chunk, { codes: [CODES.shared], gpus: false })).toEqual(plain(3));
    expect(unpackColumns(packColumns(plain(3)), 'all')).toEqual(plain(3));
  });
});

test('samples without measured values are packed as version 1', () => {
  const empty = withFurther([job(CODES.cpu, [Number.NaN, Number.NaN])]);
  expect(packColumns(empty)).toEqual(packColumns(plain(2)));
  expect(packColumns({ ...plain(2), further: [] })).toEqual(packColumns(plain(2)));
});

test.each([Infinity, -Infinity])('a further value of %d is refused', (value) => {
  expect(() => packColumns(withFurther([job(CODES.cpu, [1, value])]))).toThrow(RangeError);
});

describe('a damaged chunk with further measures gives an error and never wrong values', () => {
  const CHUNKS: [name: string, chunk: Uint8Array][] = [
    ['believable', packColumns(wideColumns(40))],
    [
      'GPUs, some now and then',
      packColumns(
        withFurther(
          GPUS.map((gpu) => ({
            code: CODES.power,
            gpu,
            values: Float64Array.from({ length: 50 }, (_, i) => (i % 3 === 0 ? Number.NaN : 300 + i)),
          })),
        ),
      ),
    ],
  ];
  const read = (chunk: Uint8Array) => unpackColumns(chunk, 'all');

  test.each(CHUNKS)('truncated or too long: %s', (_, chunk) => {
    for (let length = 0; length < chunk.length; length++) {
      expect(() => unpackColumns(chunk.slice(0, length))).toThrow(ChunkError);
      expect(() => read(sign(chunk.slice(0, Math.max(8, length))))).toThrow(ChunkError);
    }
    expect(() => read(sign(new Uint8Array([...chunk, 0])))).toThrow('something follows its end');
  });

  test.each(CHUNKS)('with a flipped bit: %s', (_, chunk) => {
    for (let bit = 0; bit < chunk.length * 8; bit++) {
      const damaged = chunk.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => unpackColumns(damaged)).toThrow(ChunkError);
    }
  });

  test.each(CHUNKS)('with a right checksum: a ChunkError or values, and nothing else: %s', (_, chunk) => {
    const random = createRandom(3);
    let refused = 0;
    for (let round = 0; round < 3000; round++) {
      const damaged = chunk.slice();
      damaged[5 + Math.floor(random() * (chunk.length - 5))]! ^= 1 + Math.floor(random() * 255);
      try {
        read(sign(damaged));
      } catch (error) {
        expect(error).toBeInstanceOf(ChunkError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });

  /** A chunk of one sample with these further bytes. */
  const withBytes = (...bytes: number[]) => {
    const first = packColumns(columnsOf([{ timeMs: 0, cpuUsage: 0, memoryUsageMb: 0, gpuUsage: null }]));
    return sign(Uint8Array.from([2, ...first.slice(1), ...bytes]));
  };
  /** A column of one value, 0. */
  const zero = [0, 0, 2, 0, 9, 0, 0, 0];
  const column = (code: number, bases: number[]) => [
    code,
    0,
    2 * (2 + bases.length + zero.length - 1),
    1,
    ...bases,
    ...zero,
  ];

  test.each<[what: string, bytes: number[], message: string]>([
    ['a GPU that it has not', [0, 2, 1, 2, 2, 1], 'a column is of an unknown GPU'],
    ['columns out of order', [0, 4, ...column(2, [0]), ...column(1, [0])], 'its columns are not in order'],
    ['a column twice', [0, 4, ...column(2, [0]), ...column(2, [0])], 'its columns are not in order'],
    ['a column that is its own base', [0, 2, ...column(1, [2, 2, 2, 0])], 'a column is its own base'],
    ['a base that it has not', [0, 2, ...column(1, [2, 4, 2, 0])], 'it has no column 2'],
    ['more bases than columns', [0, 2, ...column(1, [8])], 'a column has 4 bases'],
    ['decimals of a base that no chunk has', [0, 2, ...column(1, [2, 0, 2, 7])], 'a column has 7 decimals'],
    ['a presence that no chunk has', [0, 2, 1, 0, 2, 3], 'it has an unknown presence of a measure, 3'],
    ['a length beyond the end', [0, 2, 1, 0, 126, 1], 'it ends too early'],
    ['a negative length', [0, 2, 1, 0, 3, 1], 'it ends too early'],
    ['a name beyond the end', [2, 126], 'it ends too early'],
  ])('the error names %s', (_, bytes, message) => {
    expect(read(withBytes(0, 2, ...column(1, [0]))).further).toEqual([job(1, [0])]);
    expect(() => read(withBytes(...bytes))).toThrow(new ChunkError(`The chunk is damaged: ${message}.`));
  });
});

test.each([
  [240, 16.5],
  [1440, 13.5],
])('%d samples with twelve further measures take at most %d bytes each', (count, greatest) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    expect(packColumns(wideColumns(count, seed)).length / count).toBeLessThan(greatest);
  }
});
