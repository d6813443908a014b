import { expect, test } from 'bun:test';
import { LOCAL_SITE } from '../../src/domain/site.ts';
import { startService } from '../help/service.ts';

const JOB = { id: 'a', user: 'alice', nodes: ['n1'] };
const GRAFANA = 'https://grafana.example.org';
const named = { ...LOCAL_SITE, otherOrigins: new Set([GRAFANA]) };

test('a request for a foreign host is answered 421 before anybody is identified, on every path', async () => {
  let asked = 0;
  await using service = await startService({
    identify: () => {
      asked++;
      throw new Error('Not to be asked.');
    },
  });
  const host = { host: 'rebound.evil.com' };
  for (const [method, path] of [
    ['GET', '/v1/jobs'],
    ['POST', '/v1/jobs'],
    ['OPTIONS', '/v1/jobs'],
    ['GET', '/metrics'],
    ['GET', '/swagger'],
    ['GET', '/nowhere'],
    ['GET', '/v1/jobs/%zz'],
  ] as const) {
    const answer = await service.send(method, path, undefined, host);
    expect([path, answer.status, answer.json.error]).toEqual([path, 421, 'misdirected_request']);
    expect(answer.json.message).toContain('"rebound.evil.com" is no name of this service.');
    expect(answer.json.message).toContain('--public-url');
  }
  expect(asked).toBe(0);
});

test('a unix socket answers for every host', async () => {
  await using service = await startService({ site: { ...LOCAL_SITE, checksNames: false } });
  expect((await service.send('GET', '/v1/jobs', undefined, { host: 'portal' })).status).toBe(200);
});

test('a write that a foreign page sends is refused before it is read, and changes nothing', async () => {
  await using service = await startService();
  await service.send('POST', '/v1/jobs', JOB);
  const host = { host: 'localhost:8080' };
  const pages = [
    { ...host, origin: 'https://evil.com' },
    { ...host, origin: 'null' },
    { ...host, origin: 'http://localhost:3000' },
    { ...host, 'sec-fetch-site': 'cross-site' },
  ];
  for (const page of pages) {
    for (const [method, path, body] of [
      ['POST', '/v1/jobs', { ...JOB, id: 'b' }],
      ['PATCH', '/v1/jobs/a', { state: 'failed' }],
      ['DELETE', '/v1/jobs/a', undefined],
      ['POST', '/v1/samples', '{"broken'],
    ] as const) {
      const answer = await service.send(method, path, body, page);
      expect([answer.status, answer.json.error]).toEqual([403, 'forbidden']);
      expect(answer.json.message).toContain('--cors-origin');
    }
  }
  const { json } = await service.send('GET', '/v1/jobs');
  expect([json.total, json.jobs[0].state]).toEqual([1, 'running']);
});

test('its own page may write', async () => {
  await using service = await startService();
  const page = { host: 'localhost:8080', origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' };
  expect((await service.send('POST', '/v1/jobs', JOB, page)).status).toBe(201);
});

test('no page of another origin may read an answer, unless it is named', async () => {
  await using service = await startService();
  const headersFor = async (at: typeof service, origin: string, method = 'GET') => {
    const { headers } = await at.send(method, '/v1/jobs', undefined, {
      origin,
      'access-control-request-method': 'DELETE',
    });
    return [...headers.keys()].filter((name) => name.startsWith('access-control')).sort();
  };
  expect(await headersFor(service, GRAFANA)).toEqual([]);
  expect(await headersFor(service, GRAFANA, 'OPTIONS')).toEqual([]);
  await using opened = await startService({ site: named });
  expect(await headersFor(opened, 'https://grafana.example.org.evil.com')).toEqual([]);
  expect(await headersFor(opened, 'https://evil.com', 'OPTIONS')).toEqual([]);
  expect(await headersFor(opened, GRAFANA)).toContain('access-control-allow-origin');
});

test('a page of a named origin may read, write, and ask before it writes', async () => {
  await using service = await startService({ site: named });
  const origin = { origin: GRAFANA };
  const read = await service.send('GET', '/v1/jobs', undefined, origin);
  expect(read.status).toBe(200);
  expect(read.headers.get('access-control-allow-origin')).toBe(GRAFANA);
  expect(read.headers.get('vary')).toBe('accept, Origin');
  const asked = await service.send('OPTIONS', '/v1/jobs/a', undefined, {
    ...origin,
    'access-control-request-method': 'DELETE',
    'access-control-request-headers': 'authorization',
  });
  expect(asked.status).toBe(204);
  expect(asked.headers.get('access-control-allow-origin')).toBe(GRAFANA);
  expect(asked.headers.get('access-control-allow-methods')).toContain('DELETE');
  expect(asked.headers.get('access-control-allow-headers')).toContain('authorization');
  expect(asked.headers.get('vary')).toContain('Origin');
  expect((await service.send('POST', '/v1/jobs', JOB, origin)).status).toBe(201);
  const refused = await service.send('GET', '/v1/jobs/none', undefined, origin);
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([404, GRAFANA]);
  const other = await service.send('GET', '/v1/jobs');
  expect(other.headers.get('vary')).toBe('accept, Origin');
});

test('where the service speaks TLS, browsers are told to use nothing else', async () => {
  await using plain = await startService();
  await using secure = await startService({ site: { ...LOCAL_SITE, isTls: true } });
  for (const path of ['/v1/jobs', '/swagger', '/nowhere']) {
    expect((await plain.send('GET', path)).headers.get('strict-transport-security')).toBeNull();
    expect((await secure.send('GET', path)).headers.get('strict-transport-security')).toBe(
      'max-age=31536000',
    );
  }
});

test('answers that depend on the caller are stored nowhere, and pages can be framed by nobody', async () => {
  await using service = await startService();
  await service.send('POST', '/v1/jobs', JOB);
  for (const path of [
    '/v1/jobs',
    '/v1/jobs/a',
    '/v1/jobs/a/metrics?format=csv',
    '/v1/jobs/none',
    '/metrics',
  ]) {
    const { headers } = await service.send('GET', path);
    expect([path, headers.get('cache-control')]).toEqual([path, 'no-store']);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  }
  const page = await service.send('GET', '/swagger');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  expect(page.headers.get('referrer-policy')).toBe('same-origin');
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(page.headers.get('x-frame-options')).toBe('DENY');
});

test('no element of a foreign page finds out which jobs there are', async () => {
  await using service = await startService();
  await service.send('POST', '/v1/jobs', JOB);
  for (const [site, dest] of [
    ['cross-site', 'object'],
    ['same-site', 'empty'],
  ] as const) {
    const ask = (path: string) =>
      service.send('GET', path, undefined, {
        'sec-fetch-site': site,
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': dest,
      });
    const [present, missing] = [await ask('/v1/jobs/a'), await ask('/v1/jobs/none')];
    expect([present.status, present.json]).toEqual([403, missing.json]);
    expect(present.json.message).toContain('may not read anything here');
  }
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  expect((await service.send('GET', '/v1/jobs/a', undefined, link)).status).toBe(200);
});
