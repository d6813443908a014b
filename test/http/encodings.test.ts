import { expect, test } from 'bun:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { listReadings } from '../help/readings.ts';
import { startService } from '../help/service.ts';

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
test.each(PACKERS)('a body in %p is read, of batches and of single writes', async (encoding, pack) => {
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
  ['gzip', new Uint8Array(0), 400, 'invalid_request'],
  ['zstd', new Uint8Array(0), 400, 'invalid_request'],
  ['gzip', gzipSync(Buffer.from([0x22, 0xff, 0x22])), 400, 'invalid_request'],
  ['gzip', gzipSync('{'), 400, 'invalid_request'],
  ['', gzipSync(text), 400, 'invalid_request'],
];
test.each(WRONG)(
  'Content-Encoding %p with what does not fit it is refused: %#',
  async (encoding, body, ...is) => {
    await using service = await startWithJob();
    for (const path of ['/v1/samples', '/v1/jobs']) {
      const answer = await service.post(path, body, encoding);
      expect([answer.status, answer.json.error]).toEqual(is as never);
    }
    expect((await listReadings(service.store, 'a', {}, 10)).total).toBe(0);
  },
);

/** Valid JSON of exactly so many bytes. */
const padded = (bytes: number, value: object) => JSON.stringify(value).padEnd(bytes, ' ');

const LIMITS: [path: string, value: object, bytes: number, ok: number][] = [
  ['/v1/samples', SAMPLES, 64 * MIB, 200],
  ['/v1/jobs/batch', { jobs: [JOB] }, 64 * MIB, 200],
  ['/v1/jobs', JOB, 4096, 201],
  ['/v1/jobs/a/metrics', { cpu_usage: 1, memory_usage_mb: 1 }, 4096, 201],
];
for (const [path, value, bytes, ok] of LIMITS) {
  test(`${path} takes ${bytes} bytes and not one more, plain and unpacked`, async () => {
    await using service = await startWithJob({ maxBodyBytes: 4096 });
    const over = padded(bytes + 1, value);
    for (const [encoding, body] of [
      [undefined, over],
      ['gzip', gzipSync(over, { level: 1 })],
      ['zstd', zstdCompressSync(over)],
    ] as const) {
      const answer = await service.post(path, body, encoding);
      expect([answer.status, answer.json.error]).toEqual([413, 'payload_too_large']);
      expect(answer.json.message).toContain(String(bytes));
    }
    expect((await service.post(path, gzipSync(padded(bytes, value), { level: 1 }), 'gzip')).status).toBe(ok);
  });
}

test('what is sent packed has the limit too, although it would unpack to less', async () => {
  await using service = await startWithJob({ maxBodyBytes: 4096 });
  const packed = gzipSync(padded(4096, JOB), { level: 0 });
  expect(packed.byteLength).toBeGreaterThan(4096);
  const answer = await service.post('/v1/jobs', packed, 'gzip');
  expect([answer.status, answer.json.error]).toEqual([413, 'payload_too_large']);
});

test.each([
  ['gzip', (bytes: Uint8Array) => gzipSync(bytes)],
  ['zstd', (bytes: Uint8Array) => zstdCompressSync(bytes)],
])('a bomb of %s is given up before it takes memory', async (encoding, pack) => {
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
  ['packed', 'gzip', (text: string) => gzipSync(text, { level: 1 })],
] as const)('of large %s batches that come in together one is taken', async (_, encoding, pack) => {
  await using service = await startWithJob();
  const body = pack(padded(60 * MIB, SAMPLES));
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => service.post('/v1/samples', body, encoding)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 503, 503, 503, 503]);
  const refused = answers.find(({ status }) => status === 503)!;
  expect([refused.json.error, refused.headers.get('retry-after')]).toEqual(['unavailable', '1']);
  expect((await service.post('/v1/samples', JSON.stringify(SAMPLES))).status).toBe(200);
});
