import { beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { ForeignSeries } from '../../src/domain/foreign/series.ts';
import { loadSnappy, readRemoteWrite } from '../../src/ingest/remote-write.ts';
import { codeOf } from '../help/builders.ts';
import { NOON_MS } from '../help/clock.ts';
import { remoteWrite, type SentSeries, snappy, writeRequest } from '../help/remote-write.ts';
import { countTurns } from '../help/turns.ts';

const request = (packed: Uint8Array) => readRemoteWrite(packed, (name) => name !== '' && name !== 'other');
const read = async (packed: Uint8Array) => (await request(packed)).series;
const series = (fields: Partial<SentSeries> = {}): SentSeries => ({
  name: 'up',
  labels: { instance: 'n1:9100' },
  points: [[NOON_MS, 1.5]],
  ...fields,
});
const plain = (all: readonly ForeignSeries[]) =>
  all.map(({ name, labels, times, values }) => ({ name, labels: Object.fromEntries(labels), times, values }));

beforeAll(() => loadSnappy(readFileSync('node_modules/snappy-wasm/es/snappy_bg.wasm')));

test('series are read with their labels, times and values', async () => {
  const points = [
    [NOON_MS, 1.5],
    [NOON_MS + 15_000, -2],
  ] as const;
  expect(plain(await read(remoteWrite([series({ points }), series({ name: 'é' })])))).toEqual([
    {
      name: 'up',
      labels: { __name__: 'up', instance: 'n1:9100' },
      times: [NOON_MS, NOON_MS + 15_000],
      values: [1.5, -2],
    },
    { name: 'é', labels: { __name__: 'é', instance: 'n1:9100' }, times: [NOON_MS], values: [1.5] },
  ]);
});

test('values of other names are counted', async () => {
  const other = series({
    name: 'other',
    points: [
      [1, 1],
      [2, 2],
    ],
  });
  expect(await request(remoteWrite([other, series(), other]))).toMatchObject({
    series: [{ name: 'up' }],
    unmapped: 4,
  });
});

test('the mark of a series that ended is read as NaN', async () => {
  const stale = new DataView(new ArrayBuffer(8));
  stale.setBigUint64(0, 0x7ff0000000000002n, true);
  const bytes = writeRequest([series({ points: [[NOON_MS, 1.5]] })]);
  const plainValue = new Uint8Array(Float64Array.of(1.5).buffer);
  const at = Buffer.from(bytes).indexOf(plainValue);
  bytes.set(new Uint8Array(stale.buffer), at);
  expect((await read(snappy(bytes)))[0]!.values).toEqual([Number.NaN]);
});

test('metadata, exemplars and histograms are skipped', async () => {
  const one = Buffer.from(writeRequest([series()]));
  const metadata = new BinaryWriter()
    .tag(3, WireType.LengthDelimited)
    .bytes(new Uint8Array([8, 1]))
    .finish();
  const histogram = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .bytes(
      new BinaryWriter()
        .tag(4, WireType.LengthDelimited)
        .bytes(new Uint8Array([1, 2, 3]))
        .finish(),
    )
    .finish();
  const all = new Uint8Array(Buffer.concat([metadata, one, histogram, metadata]));
  expect(plain(await read(snappy(all)))).toHaveLength(1);
});

test('a series with more than 64 labels, or a very long one, is skipped, and the others are read', async () => {
  const labels = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`l${index}`, 'x']));
  const all = [series({ labels }), series(), series({ labels: { long: 'x'.repeat(3000) } })];
  expect(plain(await read(remoteWrite(all)))).toHaveLength(1);
});

const longer = (length: number, bytes: Uint8Array) =>
  new Uint8Array([
    (length & 127) | 128,
    ((length >> 7) & 127) | 128,
    ((length >> 14) & 127) | 128,
    length >> 21,
    ...bytes,
  ]);

test.each([
  ['bytes that are no snappy', new Uint8Array([5, 1, 2, 3])],
  ['no bytes', new Uint8Array()],
  ['a snappy text cut off', remoteWrite([series()]).slice(0, -3)],
  ['a length that is too small', new Uint8Array([1, ...remoteWrite([series()]).slice(1)])],
  ['protobuf cut off', snappy(writeRequest([series()]).slice(0, -3))],
  ['a text', snappy(Buffer.from('{"samples":[]}'))],
  ['a label longer than its series', snappy(new Uint8Array([10, 4, 10, 9, 10, 1]))],
  ['a series longer than the message', snappy(new Uint8Array([10, 200, 1, 10, 1]))],
  ['a group', snappy(new Uint8Array([0x0b, 0x0c]))],
  ['a varint of 11 bytes', snappy(new Uint8Array(12).fill(255))],
])('%s are refused as malformed', async (_, body) => {
  expect(await codeOf(read(body))).toBe('invalid_request');
});

test('random damage is refused or read, and never another error', async () => {
  const whole = writeRequest(Array.from({ length: 20 }, () => series()));
  let refused = 0;
  for (let round = 0; round < 2000; round++) {
    const bytes = whole.slice();
    for (let hit = 0; hit <= round % 3; hit++)
      bytes[Math.floor(Math.random() * bytes.length)] = Math.random() * 256;
    const code = await codeOf(read(round % 2 === 0 ? snappy(bytes) : bytes));
    expect(['none', 'invalid_request', 'payload_too_large']).toContain(code);
    if (code !== 'none') refused++;
  }
  expect(refused).toBeGreaterThan(100);
});

test('a bomb is refused by the length that it states, before anything is unpacked', async () => {
  const bomb = snappy(new Uint8Array(5 * 1024 * 1024));
  expect(bomb.length).toBeLessThan(300_000);
  expect(await codeOf(read(bomb))).toBe('payload_too_large');
  expect(await codeOf(read(longer(2 ** 27, new Uint8Array(100))))).toBe('payload_too_large');
});

test('a bomb that states another length is refused as soon as it exceeds it', async () => {
  const bomb = new Uint8Array(4 * 1024 * 1024);
  bomb.set(longer(4 * 1024 * 1024, new Uint8Array([0, 65])));
  // Copies of 64 bytes from one byte before: they would be 85 MiB.
  for (let at = 6; at + 2 < bomb.length; at += 3) bomb.set([(63 << 2) | 2, 1, 0], at);
  const startedMs = performance.now();
  expect(await codeOf(read(bomb))).toBe('invalid_request');
  expect(performance.now() - startedMs).toBeLessThan(250);
});

test('a large request is read in several turns of the event loop', async () => {
  const body = remoteWrite(Array.from({ length: 40_000 }, () => series()));
  const turns = countTurns();
  expect(await read(body)).toHaveLength(40_000);
  expect(turns.stop()).toBeGreaterThan(3);
});

test('too many values are refused, also of series that are left out', async () => {
  const points = Array.from({ length: 100_001 }, (_, index) => [NOON_MS + index, 1] as const);
  expect(await codeOf(read(remoteWrite([series({ points })])))).toBe('payload_too_large');
  const many = Array.from({ length: 100_001 }, () => series({ name: '', labels: {} }));
  expect(await codeOf(read(remoteWrite(many)))).toBe('payload_too_large');
});

test('a million labels in one series cost nothing', async () => {
  const label = [10, 0];
  const one = new Uint8Array(2_000_000).map((_, index) => label[index % 2]!);
  const body = snappy(new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(one).finish());
  const startedMs = performance.now();
  expect(await read(body)).toEqual([]);
  expect(performance.now() - startedMs).toBeLessThan(250);
});
