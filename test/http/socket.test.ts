import { expect, test } from 'bun:test';
import { connect } from 'node:net';
import { LOCAL_SITE } from '../../src/domain/site.ts';
import { openConnection, requestText } from '../help/connection.ts';
import { startService } from '../help/service.ts';

/** Starts the service on a real socket, with the options of `serve`. */
async function listen(maxBodyBytes = 1024 * 1024) {
  const names = new Set(['hn', 'localhost']);
  const service = await startService({ maxBodyBytes, site: { ...LOCAL_SITE, names } });
  service.app.listen({
    hostname: '127.0.0.1',
    port: 0,
    reusePort: false,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  });
  const server = service.app.server!;
  return {
    ...service,
    url: server.url.href,
    /** Sends raw bytes and returns the whole answer. */
    exchange: (text: string) =>
      new Promise<string>((resolve, reject) => {
        let answer = '';
        const socket = connect(server.port!, '127.0.0.1', () => socket.write(text));
        socket.on('data', (data) => {
          answer += data;
        });
        socket.on('end', () => resolve(answer));
        socket.on('error', reject);
      }),
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await service[Symbol.asyncDispose]();
    },
  };
}

const request = (line: string, headers: string[] = [], body = '') =>
  `${[`${line} HTTP/1.1`, 'Host: hn', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n${body}`;
const post = (
  path: string,
  body: string,
  length: string[] = [`Content-Length: ${Buffer.byteLength(body)}`],
) => request(`POST ${path}`, ['Content-Type: application/json', ...length], body);
const JOB = '{"id":"a/b","user":"u","nodes":["n1"]}';

test('every route answers on the wire when the Host is a short name', async () => {
  await using service = await listen();
  expect(await service.exchange(post('/v1/jobs', JOB))).toStartWith('HTTP/1.1 201');
  for (const path of [
    '/v1/health',
    '/v1/jobs',
    '/v1/jobs/a%2Fb',
    '/v1/jobs/a%2fb/metrics',
    '/metrics',
    '/swagger',
  ]) {
    expect(await service.exchange(request(`GET ${path}`))).toStartWith('HTTP/1.1 200');
  }
  expect(await service.exchange(request('DELETE /v1/jobs/a%2Fb'))).toStartWith('HTTP/1.1 204');
});

test('errors have the same shape on the wire', async () => {
  await using service = await listen(4096);
  const large = `{"id":"${'x'.repeat(5000)}"}`;
  const chunked = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
  const rows: [string, number, string][] = [
    [post('/v1/jobs', large), 413, 'payload_too_large'],
    [post('/v1/jobs', chunked, ['Transfer-Encoding: chunked']), 413, 'payload_too_large'],
    [post('/v1/jobs', '{'), 400, 'invalid_request'],
    [post('/v1/jobs', '{}'), 400, 'validation_error'],
    [request('PUT /v1/jobs'), 405, 'method_not_allowed'],
    [request('GET /nowhere'), 404, 'not_found'],
    [request('GET /v1/jobs/%zz'), 404, 'not_found'],
    [request('POST /v1/jobs', ['Content-Length: 0']), 415, 'unsupported_media_type'],
  ];
  for (const [text, status, code] of rows) {
    const answer = await service.exchange(text);
    expect(answer).toStartWith(`HTTP/1.1 ${status} `);
    expect(answer.toLowerCase()).toContain('content-type: application/json');
    expect(answer).toContain(`{"error":"${code}","message":"`);
  }
});

test('HEAD on the wire has the headers of GET and no body', async () => {
  await using service = await listen();
  const answer = await service.exchange(request('HEAD /v1/jobs'));
  expect(answer).toStartWith('HTTP/1.1 200');
  expect(answer.toLowerCase()).toContain('content-type: application/json');
  expect(answer).toEndWith('\r\n\r\n');
});

test('a batch without room is refused before it is read, and a client that disconnects frees its share', async () => {
  await using service = await listen();
  const rows = Array.from({ length: 30_000 }, () => `{"job_id":"no","filler":"${'x'.repeat(80)}"}`);
  const batch = requestText('POST', '/v1/samples', { body: `{"samples":[${rows.join(',')}]}` });
  const [head, body] = [batch.slice(0, 1000), batch.slice(1000)];
  const holders = [await openConnection(service.url), await openConnection(service.url)];
  for (const holder of holders) holder.send(head);
  using late = await openConnection(service.url);
  const isRefused = async () => {
    late.send(batch);
    return (await late.receive())!.status === 503;
  };
  // The first bytes of the holders may still be in transit.
  while (!(await isRefused())) await Bun.sleep(1);
  late.send(head);
  expect((await late.receive())!.status).toBe(503);
  late.send(body);
  late.send(requestText('GET', '/v1/health'));
  expect((await late.receive())!.status).toBe(200);
  holders[0]!.send(body);
  expect((await holders[0]!.receive())!.status).toBe(200);
  expect(await isRefused()).toBe(false);
  holders[0]!.send(head);
  while (!(await isRefused())) await Bun.sleep(1);
  for (const holder of holders) holder.close();
  while (await isRefused()) await Bun.sleep(1);
});

const BROKEN: [what: string, path: string, lines: string[], body: string, ends: boolean][] = [
  ['ends in the middle', '/v1/jobs', ['Content-Length: 100'], '{"id":', true],
  ['ends in the middle of a batch', '/v1/samples', ['Content-Length: 3000000'], '{"samples":[', true],
  ['has an invalid chunk', '/v1/jobs', ['Transfer-Encoding: chunked'], '5\r\n{"id"\r\nzz\r\n', false],
  [
    'has an invalid chunk in a batch',
    '/v1/samples',
    ['Transfer-Encoding: chunked'],
    '5\r\n{"sam\r\nzz\r\n',
    false,
  ],
];
test.each(BROKEN)('a body that %s is a fault of the client (%s)', async (_, path, lines, body, ends) => {
  await using service = await listen();
  using connection = await openConnection(service.url);
  connection.send(request(`POST ${path}`, ['Content-Type: application/json', ...lines], body));
  await Bun.sleep(50);
  if (ends) connection.close();
  while (service.requests.length === 0) await Bun.sleep(5);
  const status = service.requests[0]!.status;
  expect([400, 499]).toContain(status);
  expect(service.logged).toEqual([]);
});

test('a request of HTTP/1.0 without a Host is answered, never with 500', async () => {
  await using service = await listen();
  const rows: [string, number][] = [
    ['GET /v1/health', 200],
    ['GET /v1/jobs?limit=1', 200],
    ['GET /v1/jobs/none', 404],
    ['DELETE /v1/sessions?user=nobody', 200],
    ['DELETE /v1/jobs/none', 404],
    ['GET /metrics', 200],
  ];
  for (const [line, status] of rows) {
    const answer = await service.exchange(`${line} HTTP/1.0\r\n\r\n`);
    expect([line, answer.slice(0, 12)]).toEqual([line, `HTTP/1.1 ${status}`]);
  }
});
