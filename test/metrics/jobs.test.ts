import { expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { startService } from '../help/service.ts';
import { startCluster } from './cluster.ts';

const FIXTURE = resolve(import.meta.dir, '../fixtures/metrics.txt');

test('the six families of the API reference read as they did', async () => {
  await using service = await startCluster();
  const { status, text, headers } = await service.send('GET', '/metrics');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  expect(text).toBe(await Bun.file(FIXTURE).text());
});

test('an empty service shows the totals at 0 and no job', async () => {
  await using service = await startService();
  const { text } = await service.send('GET', '/metrics');
  expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
    'hpc_job_state_total{state="pending"} 0',
    'hpc_job_state_total{state="running"} 0',
    'hpc_job_state_total{state="completed"} 0',
    'hpc_job_state_total{state="failed"} 0',
    'hpc_job_state_total{state="cancelled"} 0',
    'hpc_job_total 0',
    'hpc_observe_metrics_series_dropped 0',
  ]);
});

test('the runtime goes on while a job runs, stands still when it has ended, and then vanishes', async () => {
  await using service = await startService();
  const { send, clock } = service;
  await send('POST', '/v1/jobs', { id: 'a', user: 'alice', nodes: ['n1'] });
  const runtime = async () =>
    /^hpc_job_runtime_seconds\{job_id="a",.*\} (.*)$/m.exec((await send('GET', '/metrics')).text)?.[1];
  expect(await runtime()).toBe('0');
  clock.advance(1500);
  expect(await runtime()).toBe('1.5');
  await send('PATCH', '/v1/jobs/a', { state: 'completed' });
  clock.advance(60_000);
  expect(await runtime()).toBe('1.5');
  clock.advance(1);
  expect(await runtime()).toBeUndefined();
  await send('PATCH', '/v1/jobs/a', { state: 'running' });
  expect(await runtime()).toBe('61.501');
  await send('PATCH', '/v1/jobs/a', { state: 'pending' });
  expect(await runtime()).toBeUndefined();
});

test('the time that ended jobs are shown is a setting', async () => {
  await using service = await startService({ endedSeriesMs: 0 });
  const { send, clock } = service;
  await send('POST', '/v1/jobs', { id: 'a', user: 'alice', nodes: ['n1'] });
  await send('PATCH', '/v1/jobs/a', { state: 'failed' });
  expect((await send('GET', '/metrics')).text).toContain('job_id="a"');
  clock.advance(1);
  expect((await send('GET', '/metrics')).text).not.toContain('job_id="a"');
});

test('memory is in bytes, and the total of jobs created outlives them', async () => {
  await using service = await startService();
  const { send } = service;
  await send('POST', '/v1/jobs', { id: 'a', user: 'alice', nodes: ['n1'] });
  await send('PATCH', '/v1/jobs/a', { memory_usage_mb: 4096 });
  expect((await send('GET', '/metrics')).text).toContain(
    'hpc_job_memory_usage_bytes{job_id="a",node="n1",user="alice"} 4294967296\n',
  );
  await send('DELETE', '/v1/jobs/a');
  const { text } = await send('GET', '/metrics');
  expect(text).toContain('\nhpc_job_total 1\n');
  expect(text).toContain('hpc_job_state_total{state="running"} 0\n');
});

const ENCODINGS: [accept: string | undefined, isPacked: boolean][] = [
  [undefined, false],
  ['', false],
  ['identity', false],
  ['gzip', true],
  ['GZIP', true],
  ['deflate, gzip;q=0.5', true],
  ['gzip;q=1.0, identity; q=0.5', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000', false],
  ['*', true],
  ['*;q=0', false],
  ['gzip;q=0, *', false],
  ['*;q=0, gzip', true],
  ['x-gzip', false],
  ['br', false],
];
test.each(ENCODINGS)('Accept-Encoding %p: gzip %p', async (accept, isPacked) => {
  await using service = await startCluster();
  const headers: Record<string, string> = accept === undefined ? {} : { 'accept-encoding': accept };
  const answer = await service.app.handle(new Request('http://localhost/metrics', { headers }));
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-encoding')).toBe(isPacked ? 'gzip' : null);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.headers.get('vary')).toBe('accept-encoding');
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const text = new TextDecoder().decode(isPacked ? Bun.gunzipSync(bytes) : bytes);
  expect(text).toBe(await Bun.file(FIXTURE).text());
});
