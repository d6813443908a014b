import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startService } from '../help/service.ts';

// Bodies of a fuzzer: none of them may cause an internal error, and accepted values must be valid.

const WRITES: readonly [method: string, path: string, body: Record<string, unknown>][] = [
  ['POST', '/v1/jobs', { id: 'h', user: 'u', nodes: ['n1'], exit_code: 1, submit_time: '2026-01-20' }],
  ['PATCH', '/v1/jobs/a', { state: 'running', cpu_usage: 1, memory_usage_mb: 1, gpu_usage: 1, gpus: 1 }],
  ['POST', '/v1/jobs/a/metrics', { cpu_usage: 1, memory_usage_mb: 1, gpu_usage: 1, node: 'n1' }],
  ['POST', '/v1/events/job-started', { job_id: 'e', user: 'u', node_list: ['n1'], cpu_allocation: 1 }],
  ['POST', '/v1/events/hook', { file: 'x.event', variables: ['SLURM_JOB_ID=1', 'A=b'] }],
  ['POST', '/v1/events/job-finished', { job_id: 'a', final_state: 'failed', exit_code: 1, signal: 1 }],
  ['POST', '/v1/slurm/jobcomp', { jobid: 7, username: 'u', state: 'FAILED', '@end': '2026-01-20T11:00:00' }],
];
const BATCHES: readonly [path: string, name: string, row: Record<string, unknown>][] = [
  ['/v1/samples', 'samples', { job_id: 'a', cpu_usage: 1, memory_usage_mb: 1, timestamp: '2026-01-20' }],
  ['/v1/jobs/batch', 'jobs', { id: 'h', user: 'u', nodes: ['n1'], state: 'failed', cpus: 1 }],
];

/** As JSON text, because JavaScript values cannot represent some of them. */
const VALUES = [
  ...['null', 'true', '[]', '{}', '[[]]', '""', '"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '"."', '".."'],
  ...['-0', '0.1', '-1', '1e308', '-1e308', '1e999', '9007199254740992', '18446744073709551616', '1e-320'],
  ...['2147483648', '2147483649', '"1"', '"NaN"', '{"__proto__":1}', '{"toString":1}', '["__proto__"]'],
  ...['"0000-01-01T00:00:00Z"', '"9999-12-31T23:59:60Z"', '"+275760-09-13"', '"2026-01-20T10:00"'],
  `"${'x'.repeat(1_000_000)}"`,
  `[${'"n",'.repeat(100_000)}"n"]`,
];

function bodiesOf(body: Record<string, unknown>): string[] {
  const fields = Object.keys(body).flatMap((field) =>
    VALUES.map((value) => {
      const others = Object.entries(body).filter(([name]) => name !== field);
      const texts = others.map(([name, other]) => `${JSON.stringify(name)}:${JSON.stringify(other)}`);
      return `{${[...texts, `${JSON.stringify(field)}:${value}`].join()}}`;
    }),
  );
  const text = JSON.stringify(body);
  const twice = `${text.slice(0, -1)},${text.slice(1)}`;
  const odd = `${text.slice(0, -1)},"__proto__":{"id":"p"},"constructor":1,"hasOwnProperty":null,"":0}`;
  return [...fields, ...VALUES, twice, odd, `\ufeff${text}`, ` ${text}\n`];
}

let service: Awaited<ReturnType<typeof startService>>;
beforeAll(async () => {
  service = await startService();
  await service.send('POST', '/v1/jobs', { id: 'a', user: 'u', nodes: ['n1'] });
});
afterAll(() => service[Symbol.asyncDispose]());

async function expectNoFault(method: string, path: string, body: string): Promise<void> {
  const { status } = await service.send(method, path, body);
  const shown = body.length > 300 ? `${body.slice(0, 300)}…` : body;
  expect([status < 500, status, service.logged], `${method} ${path} ${shown}`).toEqual([true, status, []]);
}

test.each(WRITES)('no hostile body of %s %s causes an internal error', async (method, path, body) => {
  for (const text of bodiesOf(body)) await expectNoFault(method, path, text);
});

test.each(BATCHES)('no hostile row of POST %s causes an internal error', async (path, name, row) => {
  for (const text of bodiesOf(row)) {
    await expectNoFault('POST', path, `{"${name}":[${text}]}`);
    if (text.length < 1000) await expectNoFault('POST', path, `{"${name}":${text}}`);
  }
});

test('everything accepted from hostile bodies can be read again', async () => {
  for (const path of [
    '/v1/jobs',
    '/v1/jobs?format=csv',
    '/v1/jobs/a/metrics',
    '/v1/jobs/a/runs',
    '/metrics',
  ]) {
    expect([path, (await service.send('GET', path)).status]).toEqual([path, 200]);
  }
  expect(service.logged).toEqual([]);
});
