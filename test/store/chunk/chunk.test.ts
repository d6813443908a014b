import { describe, expect, test } from 'bun:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { createRandom } from '../../../src/demo/random.ts';
import {
  ChunkError,
  type ChunkSample,
  MAX_CHUNK_SAMPLES,
  packChunk,
  unpackChunk,
  unpackColumns,
} from '../../../src/store/chunk/chunk.ts';
import { realisticSeries, uniformSeries } from '../../help/noise.ts';

const START_MS = Date.UTC(2026, 0, 15, 8);

const sample = (values: Partial<ChunkSample> = {}): ChunkSample => ({
  timeMs: START_MS,
  cpuUsage: 75.53,
  memoryUsageMb: 24_000,
  gpuUsage: 92.1,
  ...values,
});

const series = (count: number, at: (i: number) => Partial<ChunkSample>) =>
  Array.from({ length: count }, (_, i) => sample({ timeMs: START_MS + i * 30_000, ...at(i) }));

/** The first place where two lists of samples differ in a bit; undefined when they are the same. */
function difference(got: readonly ChunkSample[], wanted: readonly ChunkSample[]): string | undefined {
  if (got.length !== wanted.length) return `${got.length} samples instead of ${wanted.length}`;
  for (const [i, { timeMs, cpuUsage, memoryUsageMb, gpuUsage }] of wanted.entries()) {
    const one = got[i]!;
    const isSame =
      Object.is(one.timeMs, timeMs) &&
      Object.is(one.cpuUsage, cpuUsage) &&
      Object.is(one.memoryUsageMb, memoryUsageMb) &&
      Object.is(one.gpuUsage, gpuUsage);
    if (!isSame) return `sample ${i}: ${JSON.stringify(one)} instead of ${JSON.stringify(wanted[i])}`;
  }
  return undefined;
}

const expectExact = (samples: readonly ChunkSample[]) =>
  expect(difference(unpackChunk(packChunk(samples)), samples)).toBeUndefined();

const bytesPerSample = (samples: readonly ChunkSample[]) => packChunk(samples).length / samples.length;

/** The same chunk with another checksum, which is what a fault of ours would leave and damage would not. */
function sign(chunk: Uint8Array): Uint8Array {
  new DataView(chunk.buffer).setUint32(1, crc32(chunk.subarray(5), chunk[0]), true);
  return chunk;
}

describe('a packed chunk is unpacked to the bit', () => {
  test('the comparison of these tests sees a sign, a GPU and a length', () => {
    const one = [sample({ cpuUsage: 0 })];
    expect(difference(one, one)).toBeUndefined();
    expect(difference(one, [])).toBeString();
    expect(difference(one, [sample({ cpuUsage: -0 })])).toBeString();
    expect(difference(one, [sample({ cpuUsage: 0, gpuUsage: null })])).toBeString();
  });

  const percent = fc.oneof(
    fc.integer({ min: 0, max: 10_000 }).map((n) => n / 100),
    fc.integer({ min: 0, max: 100_000_000 }).map((n) => n / 1_000_000),
    fc.double({ min: 0, max: 100, noNaN: true }),
    fc.constantFrom(0, -0, 100, 1 / 3, 75.53, 0.1 + 0.2, Number.MIN_VALUE, 99.99999999999999),
  );
  const time = fc.oneof(
    fc.integer({ min: START_MS, max: START_MS + 86_400_000 }),
    fc.maxSafeNat(),
    fc.constantFrom(0, Number.MAX_SAFE_INTEGER),
  );
  const memory = fc.oneof(fc.integer({ min: 0, max: 2 ** 33 }), fc.constantFrom(0, 2 ** 33));
  const list = fc.oneof(
    // One kind of value a column, so that every encoding is met …
    fc.constantFrom(1, 10, 100, 1e6, 1e7).chain((power) => {
      const decimal = fc.integer({ min: 0, max: 100 * power }).map((n) => n / power);
      const gpuUsage = fc.option(decimal, { freq: 5 });
      return fc.array(fc.record({ timeMs: time, cpuUsage: decimal, memoryUsageMb: memory, gpuUsage }), {
        minLength: 1,
        maxLength: 300,
      });
    }),
    // … and all mixed.
    fc.array(
      fc.record({ timeMs: time, cpuUsage: percent, memoryUsageMb: memory, gpuUsage: fc.option(percent) }),
      { minLength: 1, maxLength: 300 },
    ),
  );
  test('a chunk keeps any samples exactly', () => {
    fc.assert(
      fc.property(list, (samples) => {
        expectExact(samples);
      }),
      { numRuns: 500 },
    );
  });

  test('a chunk keeps times of any size, near and far apart', () => {
    const around = fc.tuple(fc.integer({ min: 0, max: 53 }), fc.integer({ min: -9, max: 9 }));
    const number = around.map(([bit, more]) => Math.min(2 ** 53, Math.max(0, 2 ** bit + more)));
    const times = fc.array(number, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(times, (all) => {
        expectExact(all.map((timeMs) => sample({ timeMs })));
      }),
      { numRuns: 2000 },
    );
  });

  test('a chunk keeps large numbers with few and many decimals', () => {
    const decimal = fc
      .tuple(fc.integer({ min: 2 ** 33, max: 9e9 }), fc.integer({ min: 100_000, max: 999_999 }), fc.nat(6))
      .map(([whole, part, decimals]) => Number(`${whole}.${part}`.slice(0, 11 + decimals)));
    fc.assert(
      fc.property(fc.array(decimal, { minLength: 1, maxLength: 9 }), (all) => {
        expectExact(all.map((memoryUsageMb) => sample({ memoryUsageMb })));
      }),
      { numRuns: 2000 },
    );
  });

  const SERIES: [name: string, samples: ChunkSample[]][] = [
    ['realistic', realisticSeries(960)],
    ['uniformly random', uniformSeries(960)],
    ['one', [sample()]],
    ['two', [sample(), sample({ gpuUsage: null })]],
    ['all the same', series(1000, () => ({ timeMs: START_MS }))],
    ['without GPU', series(1000, () => ({ gpuUsage: null }))],
    ['GPU now and then', series(1001, (i) => ({ gpuUsage: i % 7 < 3 ? i / 20 : null }))],
    ['GPU only last', series(9, (i) => ({ gpuUsage: i === 8 ? 0 : null }))],
    ['equal times', series(1000, (i) => ({ timeMs: START_MS + Math.floor(i / 3) }))],
    ['backwards', series(1000, (i) => ({ timeMs: START_MS - i * 30_000, memoryUsageMb: 4000 - i }))],
    ['whole seconds', series(1000, (i) => ({ timeMs: START_MS + ((i * i) % 977) * 1000 }))],
    ['growing faster', series(1000, (i) => ({ memoryUsageMb: i * i }))],
    [
      'from end to end',
      series(1000, (i) => ({ memoryUsageMb: (i % 2) * 2 ** 33, timeMs: (i % 3) * 2 ** 52 })),
    ],
    ['negative zero', series(10, () => ({ cpuUsage: -0, gpuUsage: -0 }))],
    ['one double among decimals', series(1000, (i) => ({ cpuUsage: i === 500 ? 1 / 3 : 33.33 }))],
    ['means', series(1000, (i) => ({ cpuUsage: i / 33, gpuUsage: 100 / (i + 1) }))],
  ];
  test.each(SERIES)('a chunk keeps this series exactly: %s', (_, samples) => {
    expectExact(samples);
  });

  test('the largest chunk keeps the values that compress worst', () => {
    const random = createRandom(1);
    const worst = series(MAX_CHUNK_SAMPLES, () => ({
      timeMs: Math.floor(random() * 2 ** 53),
      cpuUsage: random() * 100,
      memoryUsageMb: Math.floor(random() * 2 ** 47),
      gpuUsage: random() < 0.99 ? random() * 100 : null,
    }));
    expectExact(worst);
    expectExact(realisticSeries(MAX_CHUNK_SAMPLES));
  });

  test('a chunk is unpacked to columns, with NaN where the GPU was not measured', () => {
    const chunk = packChunk([
      sample(),
      sample({ timeMs: START_MS + 30_001, cpuUsage: 1 / 3, gpuUsage: null }),
    ]);
    const { count, times, cpu, memory, gpu } = unpackColumns(chunk);
    expect(count).toBe(2);
    expect([...times]).toEqual([START_MS, START_MS + 30_001]);
    expect([...cpu]).toEqual([75.53, 1 / 3]);
    expect([...memory]).toEqual([24_000, 24_000]);
    expect([...gpu]).toEqual([92.1, Number.NaN]);
  });

  test('a chunk is unpacked from the middle of a larger buffer', () => {
    const samples = realisticSeries(50);
    const chunk = packChunk(samples);
    const page = new Uint8Array(chunk.length + 8).fill(0xff);
    page.set(chunk, 3);
    expect(difference(unpackChunk(page.subarray(3, 3 + chunk.length)), samples)).toBeUndefined();
  });

  test.each([
    ['no samples', []],
    ['too many samples', new Array<ChunkSample>(MAX_CHUNK_SAMPLES + 1).fill(sample())],
    ['a sample of NaN', [sample({ cpuUsage: Number.NaN })]],
    ['a sample of infinity', [sample({ cpuUsage: Number.POSITIVE_INFINITY })]],
  ])('packChunk refuses %s', (_, samples) => {
    expect(() => packChunk(samples)).toThrow(RangeError);
  });
});

/** As the first program of version 1 wrote it. Must stay readable: never change it. */
const GOLDEN =
  '0186945ad4170002018090d98af86602e4d403850000503b0000080008b3b300080100904b1171000063ea8f8776e987cc40' +
  'b44b3f640609827632025d00002801000000070100274e0b02008008044d00001803010001001f1802190000efbdf703a100' +
  '0000555500ab00ab55ab5500550055ab00ab0055aba1000000555500aa00aa55aa5500550055aa00aa0055aaa10000005555' +
  '00aa00aa55aa5500550055aa00aa0055aaa1000000555500aa00aa55aa5500550055aa00aa0055aaa1000000555500aa00aa' +
  '55aa5500550055aa00aa0055aaa1000000555500aa00aa55aa5500550055aa00aa0055aaa1000000d5e5f0fa0002050a0d10' +
  '11141516181a1c1d1e65000030003f3f3f3f400100322802';
const GOLDEN_SAMPLES = series(24, (i) => ({
  timeMs: i === 20 ? 2 ** 45 + 1 : START_MS + i * 30_000 + ((i * 7) % 5),
  cpuUsage: 75.53 + (i % 4) * 0.25,
  memoryUsageMb: 512 * i * i,
  gpuUsage: i % 5 === 4 ? null : i / 3,
}));

test('a chunk that the first program of version 1 wrote is still read', () => {
  expect(difference(unpackChunk(Uint8Array.fromHex(GOLDEN)), GOLDEN_SAMPLES)).toBeUndefined();
});

describe('a damaged chunk gives an error and never wrong samples', () => {
  const CHUNKS: [name: string, chunk: Uint8Array][] = [
    ['golden', Uint8Array.fromHex(GOLDEN)],
    ['one sample', packChunk([sample()])],
    ['realistic', packChunk(realisticSeries(200))],
    ['with and without GPU', packChunk(series(200, (i) => ({ gpuUsage: i % 3 === 0 ? null : i / 7 })))],
  ];

  test.each(CHUNKS)('every truncation is refused: %s', (_, chunk) => {
    for (let length = 0; length < chunk.length; length++) {
      expect(() => unpackChunk(chunk.slice(0, length))).toThrow(ChunkError);
    }
    expect(() => unpackChunk(new Uint8Array([...chunk, 0]))).toThrow(ChunkError);
  });

  test.each(CHUNKS)('every flipped bit is refused: %s', (_, chunk) => {
    for (let bit = 0; bit < chunk.length * 8; bit++) {
      const damaged = chunk.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => unpackChunk(damaged)).toThrow(ChunkError);
    }
  });

  test.each(CHUNKS)('several flipped bits and overwritten parts are refused: %s', (_, chunk) => {
    const random = createRandom(2);
    const below = (limit: number) => Math.floor(random() * limit);
    for (let round = 0; round < 3000; round++) {
      const damaged = chunk.slice();
      const start = below(chunk.length);
      if (round % 2 === 0) damaged.fill(below(256), start, start + 1 + below(chunk.length - start));
      else for (let flips = 2 + below(9); flips > 0; flips--) damaged[below(chunk.length)]! ^= 1 << below(8);
      if (Buffer.compare(damaged, chunk) === 0) continue;
      expect(() => unpackChunk(damaged)).toThrow(ChunkError);
    }
  });

  test.each(CHUNKS)(
    'damage with a right checksum gives a ChunkError or samples, and nothing else: %s',
    (_, chunk) => {
      const random = createRandom(3);
      let refused = 0;
      for (let round = 0; round < 3000; round++) {
        const length = round % 3 === 0 ? 8 + Math.floor(random() * (chunk.length - 8)) : chunk.length;
        const damaged = chunk.slice(0, length);
        damaged[5 + Math.floor(random() * (length - 5))]! ^= 1 + Math.floor(random() * 255);
        try {
          expect(unpackChunk(sign(damaged)).length).toBeLessThanOrEqual(MAX_CHUNK_SAMPLES);
        } catch (error) {
          expect(error).toBeInstanceOf(ChunkError);
          refused++;
        }
      }
      expect(refused).toBeGreaterThan(1000);
    },
  );

  /** A chunk of one sample whose first column has these blocks for tokens. */
  const withBlocks = (blocks: readonly number[]) =>
    sign(Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, ...blocks]));
  const block = (kind: number, size: number, isLast: boolean) => {
    const header = (size << 3) | (kind << 1) | (isLast ? 1 : 0);
    return [header & 0xff, (header >> 8) & 0xff, header >> 16];
  };
  const wholeColumn = [0, 0, 2, 0, ...block(0, 1, true), 0];

  test('a frame with more or fewer bytes than its column is refused', () => {
    const good = withBlocks([...block(0, 1, true), 0, ...wholeColumn, ...wholeColumn]);
    expect(unpackChunk(good)).toEqual([{ timeMs: 0, cpuUsage: 0, memoryUsageMb: 0, gpuUsage: null }]);
    const repeated = [0, 0, 2, 0, ...block(1, 3, true), 0];
    const three = sign(Uint8Array.from([1, 0, 0, 0, 0, 2, 0, 0, ...repeated, ...repeated, ...repeated]));
    expect(unpackChunk(three)).toEqual([...unpackChunk(good), ...unpackChunk(good), ...unpackChunk(good)]);
    const frames = [
      [...block(0, 0, true)],
      [...block(0, 2, true), 0, 0],
      [...block(1, 100_000, true), 0],
      [
        ...Array.from({ length: 2000 }, () => [...block(1, 131_072, false), 0]).flat(),
        ...block(1, 1, true),
        0,
      ],
      [...block(3, 1, true), 0],
    ];
    for (const frame of frames) {
      expect(() => unpackChunk(withBlocks([...frame, ...wholeColumn, ...wholeColumn]))).toThrow(ChunkError);
    }
  });

  test.each<[what: string, body: number[], message: string]>([
    ['a token', [0, 0, 2, 0, ...block(0, 1, true), 208], 'a column has the unknown token 208'],
    ['an integer', [0, ...new Array(8).fill(255), 0], 'a number is too large'],
    ['a block', [0, 0, 2, 0, ...block(0, 100_000, true), 0], 'it ends too early'],
    ['a frame', [0, 0, 2, 0, ...block(3, 1, true), 0], 'a part of it cannot be decompressed'],
  ])('the error names %s that no chunk can have', (_, body, message) => {
    const chunk = sign(Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, ...body, ...wholeColumn]));
    expect(() => unpackChunk(chunk)).toThrow(`The chunk is damaged: ${message}.`);
  });

  const good = packChunk(realisticSeries(20));
  test.each<[at: number, value: number, message: string]>([
    [0, 3, 'The chunk is of version 3, or damaged; this program reads versions 1 and 2.'],
    [7, 3, 'The chunk is damaged: it has an unknown presence of GPU, 3.'],
    [8, 7, 'The chunk is damaged: a column has the unknown head 7.'],
    [8, 4 * 7, 'The chunk is damaged: a column has the unknown head 28.'],
  ])('byte %d with the value %d gives the error “%s”', (at, value, message) => {
    const damaged = good.slice();
    damaged[at] = value;
    expect(() => unpackChunk(sign(damaged))).toThrow(message);
  });

  test('the error says whether the checksum is wrong, or the end is early or late', () => {
    expect(() => unpackChunk(good.with(20, good[20]! ^ 1))).toThrow(
      'The chunk is damaged: its checksum is wrong.',
    );
    expect(() => unpackChunk(new Uint8Array())).toThrow('The chunk is damaged: it ends too early.');
    expect(() => unpackChunk(sign(new Uint8Array([...good, 0])))).toThrow(
      'The chunk is damaged: something follows its end.',
    );
  });
});

describe('a chunk takes few bytes a sample', () => {
  const SIZES: [name: string, count: number, greatest: number, make: typeof realisticSeries][] = [
    ['realistic', 120, 4.9, realisticSeries],
    ['realistic', 480, 4, realisticSeries],
    ['realistic', 960, 3.7, realisticSeries],
    // Its values alone hold 5.3 bytes of information.
    ['uniformly random', 960, 5.8, uniformSeries],
  ];
  test.each(SIZES)(
    'a chunk of %s values and %d samples takes less than %d bytes a sample',
    (_, count, greatest, make) => {
      for (const seed of [1, 2, 3, 4, 5]) expect(bytesPerSample(make(count, seed))).toBeLessThan(greatest);
    },
  );

  test.each<[name: string, at: (i: number) => Partial<ChunkSample>, greatest: number]>([
    ['equal values', () => ({}), 0.1],
    ['a steady leak', (i) => ({ memoryUsageMb: 1000 + 7 * i }), 0.1],
    ['a leak that grows', (i) => ({ memoryUsageMb: 1000 + i * i }), 0.1],
    ['six decimals', (i) => ({ cpuUsage: ((i * 7919) % 1_000_003) / 1e6 }), 3.5],
    ['quarters of a percent', (i) => ({ cpuUsage: ((i * 7919) % 16) / 4 }), 0.6],
    ['doubles that repeat', (i) => ({ cpuUsage: Math.floor(i / 100) / 3 }), 0.4],
    [
      'times on whole seconds and a few late ones',
      (i) => ({ timeMs: START_MS + (i * 30 + (i % 9 === 0 ? 1 : 0)) * 1000 }),
      0.3,
    ],
  ])('a chunk of 960 samples with %s is small', (_, at, greatest) => {
    expect(bytesPerSample(series(960, at))).toBeLessThan(greatest);
  });
});
