import { expect, test } from 'bun:test';
import { NOBODY } from '../../src/domain/caller.ts';
import { LOCAL_SITE } from '../../src/domain/site.ts';
import { startService } from '../help/service.ts';

const BASE = '/pun/hpc-observe';
const site = { ...LOCAL_SITE, basePath: BASE };
const JOB = { id: 'a', user: 'alice', nodes: ['n1'] };

test('every route is served with the base path and without it', async () => {
  await using service = await startService({ site });
  const { routes } = service.app;
  const paths = (isUnder: boolean) =>
    routes
      .filter(({ path }) => path.startsWith(BASE) === isUnder)
      .map(({ method, path }) => `${method} ${path.replace(BASE, '')}`)
      .sort();
  expect(paths(true)).toEqual(paths(false));
  expect(paths(true).length).toBeGreaterThan(15);
  expect((await service.send('POST', `${BASE}/v1/jobs`, JOB)).status).toBe(201);
  expect((await service.send('GET', '/v1/jobs/a')).status).toBe(200);
  expect((await service.send('GET', `${BASE}/v1/jobs/a`)).json.id).toBe('a');
  const batch = await service.send('POST', `${BASE}/v1/samples`, {
    samples: [{ job_id: 'a', cpu_usage: 1, memory_usage_mb: 1 }],
  });
  expect(batch.json).toMatchObject({ stored: 1 });
  expect((await service.send('GET', `${BASE}/metrics`)).status).toBe(200);
  expect((await service.send('PUT', `${BASE}/v1/jobs`)).status).toBe(405);
  expect((await service.send('DELETE', `${BASE}/v1/jobs/a`)).status).toBe(204);
});

test('under the base path a caller needs the same', async () => {
  await using service = await startService({ site, identify: () => NOBODY });
  for (const [method, path, status] of [
    ['GET', '/v1/jobs', 401],
    ['DELETE', '/v1/jobs/a', 401],
    ['POST', '/v1/samples', 401],
    ['GET', '/v1/health', 200],
    ['GET', '/swagger', 200],
  ] as const) {
    expect((await service.send(method, `${BASE}${path}`)).status).toBe(status);
    expect((await service.send(method, path)).status).toBe(status);
  }
});

test.each([
  '/pun/v1/jobs',
  `${BASE}x/v1/jobs`,
  `${BASE}${BASE}/v1/jobs`,
  `/${BASE}/v1/jobs`,
  `${BASE}//v1/jobs`,
  BASE.toUpperCase(),
])('nothing is served at %s', async (path) => {
  await using service = await startService({ site });
  expect((await service.send('GET', path)).status).toBe(404);
});

test('requests are observed by their route without the base path', async () => {
  await using service = await startService({ site });
  await service.send('GET', `${BASE}/v1/jobs/none`);
  await service.send('GET', '/v1/jobs/none');
  await Bun.sleep(0);
  expect(service.requests.map(({ route }) => route)).toEqual(['/v1/jobs/:jobId', '/v1/jobs/:jobId']);
});

test('the page, its files and the OpenAPI document follow the base path', async () => {
  await using service = await startService({ site });
  for (const base of ['', BASE]) {
    const { text } = await service.send('GET', `${base}/swagger`);
    const links = [...text.matchAll(/(?:href|src)="(\/[^"]*)"|url: '([^']*)'/g)].map(
      ([, attribute, url]) => attribute ?? url!,
    );
    expect(links.sort()).toEqual(['json', 'ui.css', 'ui.js'].map((file) => `${BASE}/swagger/${file}`));
    for (const link of links) expect((await service.send('GET', link)).status).toBe(200);
  }
  const { json } = await service.send('GET', `${BASE}/swagger/json`);
  expect(json.servers).toEqual([{ url: BASE }]);
  expect(Object.keys(json.paths)).toContain('/v1/jobs');
  expect(Object.keys(json.paths).filter((path) => path.startsWith(BASE))).toEqual([]);
});
