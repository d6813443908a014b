import { expect, test } from 'bun:test';
import { startService } from '../help/service.ts';

const JOB = { id: 'b', user: 'alice', nodes: ['n1'] };

async function startWithJob(options?: Parameters<typeof startService>[0]) {
  const service = await startService(options);
  await service.send('POST', '/v1/jobs', { id: 'a', user: 'alice', nodes: ['n1'] });
  return service;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
/** Every path with its methods. */
const PATHS: [path: string, allowed: string[]][] = [
  ['/v1/health', ['GET', 'HEAD']],
  ['/v1/jobs', ['GET', 'HEAD', 'POST']],
  ['/v1/jobs/a', ['DELETE', 'GET', 'HEAD', 'PATCH']],
  ['/v1/jobs/a/metrics', ['GET', 'HEAD', 'POST']],
  ['/v1/jobs/batch', ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST']],
  ['/v1/samples', ['POST']],
  ['/metrics', ['GET', 'HEAD']],
  ['/swagger', ['GET', 'HEAD']],
  ['/swagger/json', ['GET', 'HEAD']],
  ['/swagger/ui.js', ['GET', 'HEAD']],
  ['/swagger/ui.css', ['GET', 'HEAD']],
];
const REFUSED = PATHS.flatMap(([path, allowed]) =>
  METHODS.filter((method) => !allowed.includes(method)).map((method): [string, string, string] => [
    method,
    path,
    allowed.join(', '),
  ]),
);

test.each(REFUSED)('%s %s is answered with 405 and the allowed methods %s', async (method, path, allow) => {
  await using service = await startWithJob();
  for (const body of [undefined, {}]) {
    const answer = await service.send(method, path, body);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
    expect(answer.json).toEqual({ error: 'method_not_allowed', message: expect.any(String) });
    for (const words of [method, path, allow]) expect(answer.json.message).toContain(words);
  }
});

const READ = PATHS.filter(([path, allowed]) => allowed.includes('GET') && path !== '/v1/jobs/batch');
test.each(READ)('HEAD %s is answered like GET, without the body', async (path) => {
  await using service = await startWithJob();
  const get = await service.send('GET', path);
  const head = await service.send('HEAD', path);
  expect([get.status, head.status, head.text]).toEqual([200, 200, '']);
  expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
  expect((await service.send('HEAD', '/v1/jobs/missing')).status).toBe(404);
});

test.each(READ)('GET %s has the same answer with a final slash', async (path) => {
  await using service = await startWithJob();
  const plain = await service.send('GET', path);
  const slashed = await service.send('GET', `${path}/`);
  expect([slashed.status, slashed.text]).toEqual([plain.status, plain.text]);
});

const TYPES = [
  'application/json',
  'APPLICATION/JSON',
  'application/json; charset=utf-8',
  'Application/Json;charset=UTF-8',
  'application/json; charset="utf-8"',
  'application/json;charset=utf8;profile=x',
];
test.each(TYPES)('a body with the Content-Type %s is read', async (type) => {
  await using service = await startWithJob();
  expect((await service.send('POST', '/v1/jobs', JOB, { 'content-type': type })).status).toBe(201);
});

test.each([undefined, {}, '{'])('a DELETE needs no body and ignores one: %j', async (body) => {
  await using service = await startWithJob();
  expect((await service.send('DELETE', '/v1/jobs/a', body)).status).toBe(204);
});

/** Returns a job whose JSON has exactly this many bytes. */
const jobOfBytes = (bytes: number) => {
  const empty = JSON.stringify({ ...JOB, nodes: [] }).length;
  const nodes: string[] = [];
  for (let left = bytes - empty; left > 0; ) {
    const name = left > 300 ? 200 : left - (nodes.length > 0 ? 3 : 2);
    nodes.push(String(nodes.length).padEnd(name, 'x'));
    left -= name + (nodes.length > 1 ? 3 : 2);
  }
  return JSON.stringify({ ...JOB, nodes });
};

function streamed(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 500) controller.enqueue(bytes.subarray(at, at + 500));
      controller.close();
    },
  });
}

const LENGTHS: [string, number, boolean, number][] = [
  ['just fits, with its length', 4096, true, 201],
  ['just fits, without its length', 4096, false, 201],
  ['is a byte too large, with its length', 4097, true, 413],
  ['is a byte too large, without its length', 4097, false, 413],
];
test.each(LENGTHS)(
  'a body that %s is accepted or refused by its size',
  async (_, bytes, hasLength, status) => {
    await using service = await startWithJob({ maxBodyBytes: 4096 });
    const text = jobOfBytes(bytes);
    expect(text).toHaveLength(bytes);
    const headers = {
      'content-type': 'application/json',
      ...(hasLength && { 'content-length': String(bytes) }),
    };
    const request = new Request('http://localhost/v1/jobs', {
      method: 'POST',
      headers,
      body: streamed(text),
    });
    expect(request.headers.has('content-length')).toBe(hasLength);
    const answer = await service.app.handle(request);
    expect(answer.status).toBe(status);
    if (status === 413) {
      expect(await answer.json()).toEqual({
        error: 'payload_too_large',
        message: 'The body is larger than the allowed 4096 bytes.',
      });
    }
    expect((await service.store.countJobs()).created).toBe(status === 201 ? 2 : 1);
  },
);

test('GET /v1/health has the fields of the API reference', async () => {
  await using service = await startWithJob();
  const { status, json } = await service.send('GET', '/v1/health');
  expect([status, json]).toEqual([
    200,
    { status: 'healthy', timestamp: '2026-01-20T12:00:00.000Z', version: '1.0.0' },
  ]);
});

test('every request is observed once, with the pattern of its route', async () => {
  await using service = await startWithJob();
  await Bun.sleep(0);
  service.requests.length = 0;
  await service.send('GET', '/v1/jobs/a');
  await service.send('GET', '/v1/jobs/missing/metrics');
  await service.send('POST', '/v1/jobs', {});
  await service.send('DELETE', '/v1/jobs/a');
  await service.send('GET', '/nowhere/at/all');
  await service.send('PUT', '/v1/jobs');
  await service.send('GET', '/v1/jobs/%zz');
  await Bun.sleep(0);
  expect(service.requests).toEqual([
    { method: 'GET', route: '/v1/jobs/:jobId', status: 200 },
    { method: 'GET', route: '/v1/jobs/:jobId/metrics', status: 404 },
    { method: 'POST', route: '/v1/jobs', status: 400 },
    { method: 'DELETE', route: '/v1/jobs/:jobId', status: 204 },
    { method: 'GET', route: 'unknown', status: 404 },
    { method: 'PUT', route: 'unknown', status: 405 },
    { method: 'GET', route: 'unknown', status: 404 },
  ]);
});
