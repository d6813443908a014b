import { expect, test } from 'bun:test';
import type { FurtherColumn } from '../../../src/domain/readings.ts';
import { spanCollector, spansOver } from '../../../src/domain/spans.ts';
import type { Point } from '../../../src/domain/summary.ts';
import { blocksOf, ChunkReader, ChunkWriter, rawBlocks } from '../../../src/store/chunk/bytes.ts';
import {
  ChunkError,
  type ChunkSample,
  columnsOf,
  packChunk,
  packColumns,
  samplesOf,
  unpackChunk,
  unpackColumns,
} from '../../../src/store/chunk/chunk.ts';
import { bytesOf, joinColumns, seriesOf, splitColumns } from '../../../src/store/chunk/log-row.ts';
import { packPoints, unpackPoints } from '../../../src/store/chunk/points.ts';
import { packQuarters, unpackQuarters } from '../../../src/store/chunk/quarters.ts';
import { packMeasures, unpackMeasures } from '../../../src/store/chunk/row-measures.ts';

// The bytes of versions 1 and 2. A test that reads them must never be changed: databases in the field hold
// such blobs. If only a test that writes them fails after an upgrade of Bun, zstd has chosen other blocks,
// and the bytes expected there can be replaced.

const START_MS = Date.UTC(2026, 0, 15, 8);
const fromHex = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const SAMPLES: readonly ChunkSample[] = [
  { timeMs: START_MS, cpuUsage: 75.53, memoryUsageMb: 24_000, gpuUsage: 92.1 },
  { timeMs: START_MS + 30_000, cpuUsage: 0, memoryUsageMb: 24_512, gpuUsage: null },
  { timeMs: START_MS + 60_004, cpuUsage: 1 / 3, memoryUsageMb: 24_512, gpuUsage: 100 },
];
/** 300 samples, so that zstd compresses. */
const MANY = Array.from({ length: 300 }, (_, i) => ({
  timeMs: START_MS + i * 10_000,
  cpuUsage: i % 7 === 0 ? 12.5 : 50,
  memoryUsageMb: 1000 + i,
  gpuUsage: null,
}));
const simple = SAMPLES.map((one) => ({
  ...one,
  cpuUsage: Math.round(one.cpuUsage * 100) / 100,
  gpuUsage: null,
}));

const CHUNKS: [name: string, hex: string, samples: readonly ChunkSample[]][] = [
  [
    'docs/storage.md',
    '01292a1f2b020000018090d98af866089875190000330002110000970208827602c175190000331400110000c00a0080f702800802190000010000',
    simple,
  ],
  [
    'doubles and some GPU',
    '015aeb91a0020002018090d98af866089875190000330002110000970203190000520055190000b800551900001e0055190000850055190000eb0055190000e100551900005200d519000040003f0080f7028008021900000100000900000504b20e9e01021100000100',
    SAMPLES,
  ],
  [
    'compressed blocks',
    '01ce9194ff2b0100018090d98af866a09c01024d00001001000100272ac00204fa01ee0502bd0000a285038010a0aaaaaaaaaaaaaaaaaaaa062a540200020101d00f02024d00001001000100272ac002',
    MANY,
  ],
  [
    'GPU in every sample',
    '01c56cc78d020001018090d98af866089875190000330002110000970203190000520055190000b800551900001e0055190000850055190000eb0055190000e100551900005200d519000040003f0080f702800802190000010000000a0400190000000100',
    SAMPLES.map((one) => ({ ...one, gpuUsage: one.timeMs % 7 })),
  ],
];

test.each(CHUNKS)('a chunk of version 1 is read: %s', (_, hex, samples) => {
  expect(unpackChunk(fromHex(hex))).toEqual([...samples]);
});

test.each(CHUNKS)('a chunk is written as version 1: %s', (_, hex, samples) => {
  expect(toHex(packChunk(samples))).toBe(hex);
});

const GPU = 'GPU-5c89852c';
const column = (code: number, gpu: string, ...values: number[]) => ({
  code,
  gpu,
  values: Float64Array.from(values),
});
const listed = ({ values, ...key }: FurtherColumn) => ({ ...key, values: [...values] });
const FURTHER = [
  column(1, '', 100.25, 130.5, 162),
  column(2, '', 90, 110.125, 141),
  column(3, '', 10.25, 20.375, 21),
  column(5, '', 1.5, 0, 0.007),
  column(8, '', 25_165_824_000, 25_702_694_912, 25_702_694_912),
  column(28, GPU, 1 / 3, Number.NaN, 300),
  column(29, GPU, 41, 42, 42),
];
const WIDE: [name: string, hex: string, further: typeof FURTHER][] = [
  [
    'docs/storage.md',
    '0221f0d139020000018090d98af866089875190000330002110000970208827602c175190000331400110000c00a0080f7028008021900000100000002010026010009d29c0132f2011900001b000909000011',
    FURTHER.slice(0, 1),
  ],
  [
    'sums and GPUs',
    '0243d2b8c4020000018090d98af866089875190000330002110000970208827602c175190000331400110000c00a0080f70280080219000001000002184750552d35633839383532630e010026010009d29c0132f2011900001b00090900001102002a01000ea0fe0afa01ac01190000191800110000cb0203002a010402a09c0104a19c0103000002001900000000000500200102008e03030c070602190000010000080026010203808080904e00000002001900000000001c025e020900000500031100005500110000550011000055001100005500110000550011000055c0110000d5721100003f401d0218010000520202190000010000',
    FURTHER,
  ],
];

/** A base that a sample does not have; nothing is written like this. */
const WITHOUT_BASE: (typeof WIDE)[number] = [
  'a base that a sample does not have',
  '028ca5e259020000018090d98af866089875190000330002110000970208827602c175190000331400110000c00a0080f70280080219000001000002184750552d35633839383532630e01002402090000030008d29c01a22f02110000010002002a01000ea0fe0afa01ac01190000191800110000cb0203002801000c94a001fa01a201190000190009090000010500200102008e03030c070602190000010000080026010203808080904e00000002001900000000001c025e020900000500031100005500110000550011000055001100005500110000550011000055c0110000d5721100003f401d0218010000520202190000010000',
  [column(1, '', 100.25, 130.5, Number.NaN), ...FURTHER.slice(1)],
];

test.each([...WIDE, WITHOUT_BASE])('a chunk of version 2 is read: %s', (_, hex, further) => {
  const { further: read, ...documented } = unpackColumns(fromHex(hex), 'all');
  expect(read!.map(listed)).toEqual(further.map(listed));
  expect(samplesOf(documented)).toEqual([...simple]);
  expect(samplesOf(unpackColumns(fromHex(hex)))).toEqual([...simple]);
});

test.each(WIDE)('a chunk with further measures is written as version 2: %s', (_, hex, further) => {
  expect(toHex(packColumns({ ...columnsOf(simple), further }))).toBe(hex);
});

const spread = (min: number, mean: number, max: number) => ({ min, mean, max });
const POINTS: readonly Point[] = [
  {
    timeMs: START_MS,
    samples: 30,
    cpuUsage: spread(0, 12.5, 100),
    memoryUsageMb: spread(1, 500, 1000),
    gpuUsage: { ...spread(1.5, 2, 3), samples: 29 },
  },
  { timeMs: START_MS + 900_000, samples: 1, cpuUsage: spread(7, 7, 7), memoryUsageMb: spread(8, 8, 8) },
];
const POINTS_HEX =
  '3600000001941d8901010002008090d98af866c0ee6d02110000010000000e02110000010000020e02110000010009000001041e020009000000390000000144c81a88010002008090d98af866c0ee6d02110000010004fa016e00110000000100e807d8070011000000010900000100040200090000003a00000001f5911a2d010002008090d98af866c0ee6d02110000010000c801ba0100110000000100d00fc00f0011000000010900000100060200090000002a00000001c76523f8010000008090d98af866c0ee6d021100000100003c3a001100000001003a3a001100000001';

test('points of version 1 are read', () => {
  expect(unpackPoints(fromHex(POINTS_HEX))).toEqual([...POINTS]);
});

test('points are written as version 1', () => {
  expect(toHex(packPoints(POINTS))).toBe(POINTS_HEX);
});

test('points of a later version are refused, and the message names the version', () => {
  const later = fromHex(POINTS_HEX);
  later[3] = 2;
  expect(() => unpackPoints(later)).toThrow(
    new ChunkError('The points have version 2; this program reads version 1.'),
  );
});

const collector = spanCollector(spansOver(START_MS, START_MS + 3_000_000));
collector.add(columnsOf(SAMPLES));
collector.add(columnsOf(MANY));
const QUARTERS = collector.sums();
const QUARTERS_HEX =
  '01b5512fdf0802159ffb1d00000000000000003c063fcf0307000000000000000000000000000029400000000000002940000000000000294052b81e85ebe152400000000000004940000000000000494000000000000049406da0d306baf0af40000000000059af40000000000059af40000000000018954000d00f0900b4d072083a0fbb5b1e000f000000e606117a1fe51bc8370000000200020201000a990300000000074f00000000074f000000';

test('quarters of version 1 are read', () => {
  expect(unpackQuarters(fromHex(QUARTERS_HEX))).toEqual(QUARTERS);
});

test('quarters are written as version 1', () => {
  expect(toHex(packQuarters(QUARTERS))).toBe(QUARTERS_HEX);
});

const LOG_SERIES_HEX = '0700000008000000';
const LOG_DATA_HEX =
  '000040b20abc7942001040b20abc79420000000000004940000000000000e03f0000000000408f400000000000409f40000000000000f87f0000000000c05240';
const LOG_ROW = {
  times: Float64Array.of(START_MS, START_MS + 1),
  cpu: Float64Array.of(50, 0.5),
  memory: Float64Array.of(1000, 2000),
  gpu: Float64Array.of(Number.NaN, 75),
};

test('a log row is read', () => {
  expect([...seriesOf(fromHex(LOG_SERIES_HEX))]).toEqual([7, 8]);
  const columns = splitColumns(fromHex(LOG_DATA_HEX), 2);
  for (const name of ['times', 'cpu', 'memory', 'gpu'] as const) {
    expect([...columns[name]!]).toEqual([...LOG_ROW[name]]);
  }
  const withoutGpu = fromHex(LOG_DATA_HEX).subarray(0, 6 * 8);
  expect(splitColumns(withoutGpu, 2).gpu).toBeUndefined();
});

test('a log row is written', () => {
  expect(toHex(bytesOf(Int32Array.of(7, 8)))).toBe(LOG_SERIES_HEX);
  expect(toHex(bytesOf(joinColumns(LOG_ROW)))).toBe(LOG_DATA_HEX);
});

const LOG_FURTHER_HEX =
  '0100000003000000010000000b000000011c4750552d610a4d49472d62000000000000000000e03f000000000000f87f0000000000c072400000000000000000000000000000f87f000000000100000001000000000000000100000000000000';
const LOG_FURTHER = {
  columns: new Map([[1, Float64Array.of(0.5, Number.NaN)]]),
  gpus: {
    samples: Uint32Array.of(0, 1, 1),
    gpus: Uint32Array.of(0, 1, 0),
    names: ['GPU-a', 'MIG-b'],
    columns: new Map([[28, Float64Array.of(300, 0, Number.NaN)]]),
  },
};

test('further measures of a log row are read', () => {
  // As text, because expect takes two arrays with NaN for different.
  expect(Bun.inspect(unpackMeasures(fromHex(LOG_FURTHER_HEX), 2))).toBe(Bun.inspect(LOG_FURTHER));
  const page = new Uint8Array(LOG_FURTHER_HEX.length);
  page.set(fromHex(LOG_FURTHER_HEX), 3);
  expect(Bun.inspect(unpackMeasures(page.subarray(3, 3 + LOG_FURTHER_HEX.length / 2), 2))).toBe(
    Bun.inspect(LOG_FURTHER),
  );
});

test('further measures of a log row are written', () => {
  expect(toHex(packMeasures(LOG_FURTHER, 2))).toBe(LOG_FURTHER_HEX);
});

test('a Zstandard frame is cut to its blocks only if its header can be left out', () => {
  const known = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 9, 0, 0, 65);
  expect([...blocksOf(known)!]).toEqual([9, 0, 0, 65]);
  const withChecksum = known.with(4, 0x24);
  expect(blocksOf(withChecksum)).toBeUndefined();
});

test.each([1, 1000, 128 * 1024, 128 * 1024 + 1, 400_000])(
  '%d bytes are written as uncompressed blocks and read back',
  (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
    const blocks = rawBlocks(bytes);
    expect(blocks.length).toBe(length + 3 * Math.ceil(length / (128 * 1024)));
    const reader = new ChunkReader(blocks, 0);
    expect(Buffer.compare(reader.compressed(length), bytes)).toBe(0);
    reader.finish();
  },
);

test.each([
  [0, '00'],
  [1, '02'],
  [-1, '03'],
  [63, '7e'],
  [64, '8001'],
  [300, 'd804'],
  [Number.MAX_SAFE_INTEGER, 'feffffffffffff1f'],
])('the integer %d is written as %s', (value, hex) => {
  const out = new ChunkWriter(16);
  out.integer(value);
  expect(toHex(out.finish())).toBe(hex);
  expect(new ChunkReader(fromHex(hex), 0).integer()).toBe(value);
});
