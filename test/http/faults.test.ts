import { expect, test } from 'bun:test';
import { refusalLinks } from '../../src/access/refusal-link.ts';
import { queueKeeper } from '../../src/domain/queue-keeper.ts';
import { createApp } from '../../src/http/app.ts';
import { loadPages } from '../../src/service/web.ts';
import { ingestParts, NO_POLICIES, nodeParts, slurmParts, startService } from '../help/service.ts';
import { documentChecker } from './response/document.ts';

const SECRET = 'a-secret-of-a-user';
const JOB = { id: SECRET, user: SECRET, nodes: [SECRET] };

const REQUESTS: [string, string, unknown][] = [
  ['GET', '/v1/jobs', undefined],
  ['POST', '/v1/jobs', JOB],
  ['GET', '/v1/jobs/a', undefined],
  ['PATCH', '/v1/jobs/a', { state: 'failed' }],
  ['DELETE', '/v1/jobs/a', undefined],
  ['GET', '/v1/jobs/a/metrics', undefined],
  ['POST', '/v1/jobs/a/metrics', { cpu_usage: 1, memory_usage_mb: 1 }],
  ['GET', '/metrics', undefined],
];

test.each(REQUESTS)('%s %s is answered with 503 while the store is closed', async (method, path, body) => {
  await using service = await startService();
  const document = documentChecker((await service.send('GET', '/swagger/json')).json);
  await service.store.close();
  const answer = await service.send(method, path, body);
  document.answer(method, path, answer);
  expect([answer.status, answer.json]).toEqual([
    503,
    { error: 'unavailable', message: 'The service is shutting down.' },
  ]);
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(service.logged.map(({ event }) => event)).toEqual(['requests_refused']);
});

test('GET /v1/health is unhealthy while the store is closed', async () => {
  await using service = await startService();
  await service.store.close();
  const { status, json } = await service.send('GET', '/v1/health');
  expect([status, json]).toEqual([
    503,
    { status: 'unhealthy', timestamp: '2026-01-20T12:00:00.000Z', version: '1.0.0' },
  ]);
});

test('an internal error is answered with 500, and its cause is only in the log', async () => {
  await using service = await startService();
  const cause = new Error('the inside of /etc/shadow');
  const logged: [string, Record<string, unknown>][] = [];
  const observed: [string, number][] = [];
  const app = createApp({
    loadPages,
    store: service.store,
    overviews: service.overviews,
    queues: queueKeeper({ store: service.store, now: service.clock.now }),
    access: service.access,
    tokens: service.tokens,
    now: service.clock.now,
    log: { error: (event, fields) => void logged.push([event, fields]), warn: () => {}, debug: () => {} },
    version: '1.0.0',
    maxBodyBytes: 1024,
    slurm: slurmParts(service.store),
    nodes: nodeParts(service.store, service.clock.now),
    ingest: ingestParts(service.store, service.clock.now).routes,
    live: service.live,
    policies: NO_POLICIES,
    refusalLinks: refusalLinks('secret'),
    metrics: {
      render: () => Promise.reject(cause),
      observeRequest: (_, route, status) => void observed.push([route, status]),
    },
  });
  const answer = await app.handle(new Request('http://localhost/metrics'));
  const text = await answer.text();
  expect([answer.status, JSON.parse(text)]).toEqual([
    500,
    { error: 'internal_error', message: 'The service failed on this request; its log has the cause.' },
  ]);
  expect(answer.headers.get('content-type')).toStartWith('application/json');
  expect(text).not.toContain('shadow');
  expect(logged).toEqual([
    ['request_failed', { method: 'GET', route: '/metrics', cause, requestId: expect.any(String) }],
  ]);
  await Bun.sleep(0);
  expect(observed).toEqual([['/metrics', 500]]);
});

test('no route has a schema that Elysia checks, because nothing turns its VALIDATION error into ours', async () => {
  await using service = await startService();
  const parts = ['body', 'query', 'params', 'headers', 'cookie', 'response', 'standaloneValidator'];
  const checked = service.app.routes.flatMap(({ method, path, hooks }) =>
    parts
      .filter((part) => Object.keys((hooks as Record<string, object>)[part] ?? {}).length > 0)
      .map((part) => `${method} ${path} ${part}`),
  );
  expect(service.app.routes.length).toBeGreaterThan(15);
  expect(checked).toEqual([]);
});

test('a scrape after a failed one is rendered again', async () => {
  await using service = await startService();
  let calls = 0;
  const app = createApp({
    loadPages,
    store: service.store,
    overviews: service.overviews,
    queues: queueKeeper({ store: service.store, now: service.clock.now }),
    access: service.access,
    tokens: service.tokens,
    now: service.clock.now,
    log: { error: () => {}, warn: () => {}, debug: () => {} },
    version: '1.0.0',
    maxBodyBytes: 1024,
    slurm: slurmParts(service.store),
    nodes: nodeParts(service.store, service.clock.now),
    ingest: ingestParts(service.store, service.clock.now).routes,
    live: service.live,
    policies: NO_POLICIES,
    refusalLinks: refusalLinks('secret'),
    metrics: {
      render: async () => {
        calls++;
        if (calls === 1) throw new Error('once');
        return Buffer.from('fine\n');
      },
      observeRequest: () => {},
    },
  });
  const scrape = () => app.handle(new Request('http://localhost/metrics'));
  expect((await scrape()).status).toBe(500);
  const together = await Promise.all([scrape(), scrape(), scrape()]);
  expect(await Promise.all(together.map((answer) => answer.text()))).toEqual(['fine\n', 'fine\n', 'fine\n']);
  expect(calls).toBe(2);
});

test('the content of a body is never logged', async () => {
  await using service = await startService();
  const { send } = service;
  await send('POST', '/v1/jobs', { ...JOB, extra: SECRET });
  await send('POST', '/v1/jobs', `{"user":"${SECRET}"`);
  await send('POST', '/v1/jobs', JOB, { 'content-type': 'text/plain' });
  await service.store.close();
  await send('POST', '/v1/jobs', JOB);
  await send('PATCH', '/v1/jobs/a', { state: 'failed' });
  // The second refusal within a second has only been counted so far.
  expect(service.logged).toEqual([
    { event: 'requests_refused', fields: { count: 1, reasons: '1 times: The service is shutting down.' } },
  ]);
  expect(Bun.inspect(service.logged, { depth: 20 })).not.toContain(SECRET);
});
