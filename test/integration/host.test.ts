import { afterAll, beforeAll, expect, test } from 'bun:test';
import { hostname } from 'node:os';
import { openConnection, requestText } from '../help/connection.ts';
import { serve } from '../help/executable.ts';

let server: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  server = await serve({ args: ['--server-names', 'hn,h,head.cluster.example.org'] });
});
afterAll(() => server[Symbol.asyncDispose]());

// Head nodes have short names, and the router finds the path by counting the characters of the URL.
test.each(['hn', 'h', 'hn:8080', 'head.cluster.example.org', '[::1]:8080'])(
  'every route answers a request with Host: %s',
  async (host) => {
    const id = `job-on-${host}`;
    const path = `/v1/jobs/${encodeURIComponent(id)}`;
    const requests: [string, string, number, string?][] = [
      ['GET', '/v1/health', 200],
      ['POST', '/v1/jobs', 201, JSON.stringify({ id, user: 'u', nodes: ['n'] })],
      ['GET', '/v1/jobs?limit=5', 200],
      ['GET', path, 200],
      ['PATCH', path, 200, '{"state":"running"}'],
      ['POST', `${path}/metrics`, 201, '{"cpu_usage":1,"memory_usage_mb":1}'],
      ['GET', `${path}/metrics?limit=5`, 200],
      ['DELETE', path, 204],
      ['GET', path, 404],
      ['PUT', '/v1/jobs', 405],
      ['GET', '/nowhere', 404],
      ['GET', '/metrics', 200],
      ['GET', '/swagger', 200],
      ['GET', '/swagger/json', 200],
      ['GET', '/swagger/ui.js', 200],
      ['GET', '/swagger/ui.css', 200],
    ];
    for (const [method, target, status, body] of requests) {
      using connection = await openConnection(server.url);
      connection.send(requestText(method, target, { host, ...(body && { body }) }));
      expect((await connection.receive())?.status, `${method} ${target}`).toBe(status);
    }
  },
);

test.each(['', '%%%', '[', 'a b:xx', 'a:99999', '\u00ff', '//', '@'])(
  'a request with the odd Host %j is answered, or refused in the usual shape',
  async (host) => {
    for (const target of ['/v1/health', '/v1/jobs?limit=1', '/v1/jobs/nobody', '/metrics', '/nowhere']) {
      using connection = await openConnection(server.url);
      connection.send(requestText('GET', target, { host }));
      const answer = await connection.receive();
      expect(answer?.status, target).toBeOneOf([200, 400, 404, 421]);
      if (answer!.status !== 200) {
        expect(JSON.parse(answer!.body), target).toEqual({
          error: expect.any(String),
          message: expect.any(String),
        });
      }
    }
    expect(server.errors()).not.toContain('    at ');
  },
);

test('the names of the machine are known, and others are answered 421 whatever the path', async () => {
  const own = hostname();
  for (const [host, status] of [
    [own, 200],
    [`${own.toUpperCase()}:1234`, 200],
    ['rebound.evil.com', 421],
    [`${own}.evil.com`, 421],
  ] as const) {
    using connection = await openConnection(server.url);
    connection.send(requestText('GET', '/v1/jobs', { host }));
    expect([host, (await connection.receive())?.status]).toEqual([host, status]);
  }
  using connection = await openConnection(server.url);
  connection.send('GET http://rebound.evil.com/v1/jobs HTTP/1.1\r\nHost: rebound.evil.com\r\n\r\n');
  expect((await connection.receive())?.status).toBe(421);
});
