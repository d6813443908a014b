import { expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { listReadings } from '../../help/readings.ts';
import { startService } from '../../help/service.ts';

const JOB = { id: 'b', user: 'alice', nodes: ['n1'] };
const SAMPLES = { samples: [{ job_id: 'a', cpu_usage: 1, memory_usage_mb: 1 }] };
const MIB = 1024 * 1024;

async function startWithJob(options?: Parameters<typeof startService>[0]) {
  const service = await startService(options);
  await service.send('POST', '/v1/jobs', { ...JOB, id: 'a' });
  const post = (path: string, body: Uint8Array | string, encoding?: string, headers = {}) =>
    service.send('POST', path, body, {
      'content-type': 'application/json',
      ...(encoding !== undefined && { 'content-encoding': encoding }),
      ...headers,
    });
  return Object.assign(service, { post });
}

const PACKERS: [encoding: string, pack: (bytes: Uint8Array | string) => Uint8Array][] = [
  ['gzip', gzipSync],
  ['GZip', gzipSync],
  ['x-gzip', gzipSync],
  ['zstd', zstdCompressSync],
  ['identity', (text) => Buffer.from(text)],
  ['', (text) => Buffer.from(text)],
];
test.each(PACKERS)('a body in %p is read, for batches and single writes', async (encoding, pack) => {
  await using service = await startWithJob();
  const { post } = service;
  expect((await post('/v1/samples', pack(JSON.stringify(SAMPLES)), encoding)).json.stored).toBe(1);
  expect((await post('/v1/jobs', pack(JSON.stringify(JOB)), encoding)).status).toBe(201);
  const sample = JSON.stringify({ cpu_usage: 7, memory_usage_mb: 1 });
  expect((await post('/v1/jobs/a/metrics', pack(sample), encoding)).status).toBe(201);
  const batch = JSON.stringify({ jobs: [{ ...JOB, id: '名前' }] });
  expect((await post('/v1/jobs/batch', pack(batch), encoding)).json.stored).toBe(1);
  expect((await service.send('GET', `/v1/jobs/${encodeURIComponent('名前')}`)).status).toBe(200);
});

const text = JSON.stringify(SAMPLES);
const WRONG: [encoding: string, body: Uint8Array | string, status: number, error: string][] = [
  ['br', text, 415, 'unsupported_media_type'],
  ['deflate', text, 415, 'unsupported_media_type'],
  ['gzip, gzip', gzipSync(gzipSync(text)), 415, 'unsupported_media_type'],
  ['toString', text, 415, 'unsupported_media_type'],
  ['gzip', text, 400, 'invalid_request'],
  ['zstd', text, 400, 'invalid_request'],
  ['gzip', zstdCompressSync(text), 400, 'invalid_request'],
  ['gzip', gzipSync(text).subarray(0, -10), 400, 'invalid_request'],
  ['zstd', zstdCompressSync(text).subarray(0, -10), 400, 'invalid_request'],
  ['gzip', Buffer.concat([gzipSync(text), Buffer.from('more')]), 400, 'invalid_request'],
  ['zstd', Buffer.concat([zstdCompressSync(text), Buffer.from('more')]), 400, 'invalid_request'],
  ['gzip', new Uint8Array(0), 400, 'invalid_request'],
  ['zstd', new Uint8Array(0), 400, 'invalid_request'],
  ['gzip', gzipSync(Buffer.from([0x22, 0xff, 0x22])), 400, 'invalid_request'],
  ['gzip', gzipSync('{'), 400, 'invalid_request'],
  ['', gzipSync(text), 400, 'invalid_request'],
];
test.each(WRONG)(
  'a body that does not match its Content-Encoding %p is refused: case %#',
  async (encoding, body, ...is) => {
    await using service = await startWithJob();
    for (const path of ['/v1/samples', '/v1/jobs']) {
      const answer = await service.post(path, body, encoding);
      expect([answer.status, answer.json.error]).toEqual(is as never);
    }
    expect((await listReadings(service.store, 'a', {}, 10)).total).toBe(0);
  },
);

/** Returns valid JSON of exactly this many bytes. */
const padded = (bytes: number, value: object) => JSON.stringify(value).padEnd(bytes, ' ');

const ROW_BYTES = 16 * 1024;

/** Returns a batch of exactly this many bytes, in rows of 16 KiB that hardly compress. */
function batchOf(bytes: number, name: string, row: object): string {
  const head = `{"${name}":[`;
  const filler = randomBytes(bytes / 2).toString('hex');
  const rowOf = (text: string) => JSON.stringify({ ...row, filler: text });
  const empty = rowOf('').length + 1;
  const rows: string[] = [];
  for (let left = bytes - head.length - 1; left > 0; ) {
    const length = left < 2 * ROW_BYTES ? left : ROW_BYTES;
    const from = rows.length * ROW_BYTES;
    rows.push(rowOf(filler.slice(from, from + length - empty)));
    left -= length;
  }
  return `${head}${rows.join(',')}]}`;
}

const LIMITS: [path: string, makeBody: (bytes: number) => string, bytes: number, ok: number][] = [
  ['/v1/samples', (bytes) => batchOf(bytes, 'samples', SAMPLES.samples[0]!), 32 * MIB, 200],
  ['/v1/jobs/batch', (bytes) => batchOf(bytes, 'jobs', JOB), 32 * MIB, 200],
  ['/v1/jobs', (bytes) => padded(bytes, JOB), 4096, 201],
  ['/v1/jobs/a/metrics', (bytes) => padded(bytes, { cpu_usage: 1, memory_usage_mb: 1 }), 4096, 201],
];
for (const [path, makeBody, bytes, ok] of LIMITS) {
  test(`POST ${path} accepts ${bytes} bytes and not one more, plain and decompressed`, async () => {
    await using service = await startWithJob({ maxBodyBytes: 4096 });
    const over = makeBody(bytes + 1);
    expect(over).toHaveLength(bytes + 1);
    for (const [encoding, body] of [
      [undefined, over],
      ['gzip', gzipSync(over, { level: 1 })],
      ['zstd', zstdCompressSync(over)],
    ] as const) {
      const answer = await service.post(path, body, encoding);
      expect([answer.status, answer.json.error]).toEqual([413, 'payload_too_large']);
      expect(answer.json.message).toContain(String(bytes));
    }
    expect((await service.post(path, gzipSync(makeBody(bytes), { level: 1 }), 'gzip')).status).toBe(ok);
  }, 120_000);
}

test('a compressed body over the limit is refused even if it decompresses to less', async () => {
  await using service = await startWithJob({ maxBodyBytes: 4096 });
  const packed = gzipSync(padded(4096, JOB), { level: 0 });
  expect(packed.byteLength).toBeGreaterThan(4096);
  const answer = await service.post('/v1/jobs', packed, 'gzip');
  expect([answer.status, answer.json.error]).toEqual([413, 'payload_too_large']);
});

test.each([
  ['gzip', (bytes: Uint8Array) => gzipSync(bytes)],
  ['zstd', (bytes: Uint8Array) => zstdCompressSync(bytes)],
])('a decompression bomb of %s is refused before it takes memory', async (encoding, pack) => {
  await using service = await startWithJob();
  const bomb = pack(new Uint8Array(1024 * MIB));
  expect(bomb.byteLength).toBeLessThan(2 * MIB);
  Bun.gc(true);
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 1);
  const answer = await service.post('/v1/samples', bomb, encoding);
  clearInterval(watch);
  expect([answer.status, answer.json.error]).toEqual([413, 'payload_too_large']);
  expect((most - before) / MIB).toBeLessThan(200);
});

test.each([
  ['plain', undefined, (text: string) => Buffer.from(text)],
  ['compressed', 'gzip', (text: string) => gzipSync(text, { level: 1 })],
] as const)('of five large %s batches at the same time one is accepted', async (_, encoding, pack) => {
  await using service = await startWithJob();
  const body = pack(batchOf(20 * MIB, 'samples', SAMPLES.samples[0]!));
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => service.post('/v1/samples', body, encoding)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 503, 503, 503, 503]);
  const refused = answers.find(({ status }) => status === 503)!;
  expect([refused.json.error, refused.headers.get('retry-after')]).toEqual(['unavailable', '1']);
  expect((await service.post('/v1/samples', JSON.stringify(SAMPLES))).status).toBe(200);
});

test('a truncated zstd body is refused as such, wherever it is truncated', async () => {
  await using service = await startWithJob();
  const packed = zstdCompressSync(text);
  for (let bytes = 1; bytes < packed.byteLength; bytes++) {
    const { status, json } = await service.post('/v1/samples', packed.subarray(0, bytes), 'zstd');
    expect([bytes, status, json.error]).toEqual([bytes, 400, 'invalid_request']);
    expect(json.message).toContain('truncated');
  }
  const { json } = await service.post('/v1/samples', Buffer.concat([packed, Buffer.from('more')]), 'zstd');
  expect(json.message).toContain('bytes that are not a zstd frame');
});

test('several zstd frames are one body, and skippable frames are skipped', async () => {
  await using service = await startWithJob();
  const [head, tail] = [text.slice(0, 20), text.slice(20)].map((part) => zstdCompressSync(part));
  const skippable = Buffer.from([0x52, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const { status, json } = await service.post(
    '/v1/samples',
    Buffer.concat([head!, skippable, tail!]),
    'zstd',
  );
  expect([status, json.stored]).toEqual([200, 1]);
});

test('a small body may have any compression ratio, a large one at most 200', async () => {
  await using service = await startWithJob();
  const batch = (rows: number) => JSON.stringify({ samples: Array(rows).fill(SAMPLES.samples[0]) });
  expect((await service.post('/v1/samples', zstdCompressSync(batch(15_000)), 'zstd')).status).toBe(200);
  const { status, json } = await service.post('/v1/samples', zstdCompressSync(batch(40_000)), 'zstd');
  expect([status, json.error]).toEqual([413, 'payload_too_large']);
  expect(json.message).toContain('more than 200 times its size');
});

test('a small body that unpacks to more than is read at once is decompressed piece by piece', async () => {
  await using service = await startWithJob();
  const rows = Array.from({ length: 5000 }, () => SAMPLES.samples[0]);
  const packed = zstdCompressSync(JSON.stringify({ samples: rows }));
  expect(packed.length).toBeLessThan(16 * 1024);
  const headers = { 'content-length': String(packed.length) };
  expect((await service.post('/v1/samples', packed, 'zstd', headers)).json.stored).toBe(5000);
  const cut = { 'content-length': String(packed.length - 10) };
  expect((await service.post('/v1/samples', packed.subarray(0, -10), 'zstd', cut)).status).toBe(400);
  const bomb = zstdCompressSync(Buffer.alloc(60 * MIB, ' '));
  const size = { 'content-length': String(bomb.length) };
  expect((await service.post('/v1/samples', bomb, 'zstd', size)).status).toBe(413);
});
