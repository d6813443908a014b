import { expect, test } from 'bun:test';
import type { Client } from '../../src/client/client.ts';
import { readRetryAfter, wait } from '../../src/client/retry.ts';
import { answerOf, cutAnswer, type Scripted, startScriptedServer } from '../help/scripted-server.ts';
import { errorOf, impatientClient } from './help.ts';

const JOB = { id: 'a', user: 'u', nodes: ['n'], state: 'running', cpu_usage: 0, memory_usage_mb: 0 };
const FINE = answerOf(200, JOB);
const BUSY = answerOf(503, { error: 'unavailable', message: 'The queue is full.' }, ['retry-after: 1']);
const BATCH = answerOf(200, { stored: 1, repeated: 0, refused: 0, errors: [] });
const PROCESSED = answerOf(200, { status: 'processed', job_id: 'a', message: 'done' });
const USAGE = { cpuUsage: 1, memoryUsageMb: 1 };

/**
 * Makes a call to a server that answers by a script; returns what came of it, how many requests it took, and
 * the waits.
 */
async function play(script: readonly Scripted[], call: (client: Client) => Promise<unknown>) {
  await using server = await startScriptedServer(script);
  const { client, waits } = impatientClient({ url: server.url, timeoutMs: 5000 });
  const result = await call(client).catch((error: unknown) => error);
  return { result, tries: server.requests.length, waits };
}

const get = (client: Client) => client.getJob('a');

test('a read that is answered 503 twice is sent a third time, after at least the time of Retry-After', async () => {
  const { result, tries, waits } = await play([BUSY, BUSY, FINE], get);
  expect(result).toMatchObject({ id: 'a' });
  expect([tries, waits]).toEqual([3, [1125, 1250]]);
});

test('a service that stays busy is given up after four retries, with its own error', async () => {
  const { result, tries } = await play([BUSY], get);
  expect(result).toMatchObject({
    code: 'unavailable',
    status: 503,
    message: 'The queue is full.',
    retryAfterMs: 1000,
  });
  expect(tries).toBe(5);
});

test('waits double from 250 ms up to 10 s, and are spread at random', async () => {
  const silent = answerOf(503, { error: 'unavailable', message: 'x' });
  const { waits } = await play([silent], (client) => client.getJob('a', { retries: 8 }));
  expect(waits).toEqual([125, 250, 500, 1000, 2000, 4000, 5000, 5000]);
});

test('a server that asks to wait for more than a minute is not asked again', async () => {
  const later = answerOf(503, { error: 'unavailable', message: 'x' }, ['retry-after: 61']);
  expect((await play([later, FINE], get)).tries).toBe(1);
});

const PASSING: [what: string, answer: Scripted][] = [
  ['a connection that is closed without an answer', 'break'],
  ['an answer that breaks off', cutAnswer('{"id":')],
  ['a proxy without its server', answerOf(502, '<html>Bad gateway</html>')],
  ['a proxy whose server is too slow', answerOf(504, '')],
  ['a proxy that limits requests', answerOf(429, 'slow down')],
];
test.each(PASSING)('a read is repeated after %s', async (_, answer) => {
  const { result, tries } = await play([answer, FINE], get);
  expect([result, tries]).toMatchObject([{ id: 'a' }, 2]);
});

const REPEATED: [what: string, fine: string, call: (client: Client) => Promise<unknown>][] = [
  ['a deletion', answerOf(204, '').replace('content-length: 0\r\n', ''), (client) => client.deleteJob('a')],
  [
    'a deletion that the lost try carried out',
    answerOf(404, { error: 'not_found', message: 'x' }),
    (client) => client.deleteJob('a'),
  ],
  ['a batch of jobs', BATCH, (client) => client.createJobs([{ ...JOB, state: 'running' }])],
  [
    'a batch of samples with times',
    BATCH,
    (client) => client.recordSamples([{ ...USAGE, jobId: 'a', timeMs: 0 }]),
  ],
  [
    'a start with a time',
    PROCESSED,
    (client) => client.reportStart({ job_id: 'a', user: 'u', node_list: [], timestamp: 'x' }),
  ],
  [
    'an end with a time',
    PROCESSED,
    (client) => client.reportEnd({ job_id: 'a', final_state: 'failed', timestamp: 'x' }),
  ],
];
test.each(REPEATED)('%s is repeated after a lost answer and after a 503', async (_, fine, call) => {
  const { result, tries } = await play(['break', BUSY, fine], call);
  expect(result).not.toBeInstanceOf(Error);
  expect(tries).toBe(3);
});

const SENT_ONCE: [what: string, call: (client: Client) => Promise<unknown>][] = [
  ['a new job', (client) => client.createJob(JOB)],
  ['a change of a job', (client) => client.updateJob('a', { state: 'failed' })],
  ['a sample', (client) => client.recordSample('a', { ...USAGE, timeMs: 0 })],
  [
    'a batch with one sample without a time',
    (client) =>
      client.recordSamples([
        { ...USAGE, jobId: 'a', timeMs: 0 },
        { ...USAGE, jobId: 'a' },
      ]),
  ],
  ['a start without a time', (client) => client.reportStart({ job_id: 'a', user: 'u', node_list: [] })],
  ['an end without a time', (client) => client.reportEnd({ job_id: 'a', final_state: 'failed' })],
];
test.each(SENT_ONCE)('%s is never sent twice', async (_, call) => {
  for (const answer of ['break', BUSY]) {
    const { result, tries } = await play([answer, FINE], call);
    expect([(result as { code?: string }).code, tries]).toEqual([
      answer === BUSY ? 'unavailable' : 'no_answer',
      1,
    ]);
  }
});

const FINAL: [what: string, answer: string, code: string][] = [
  ['an error of its own', answerOf(500, { error: 'internal_error', message: 'x' }), 'internal_error'],
  ['a job that is not there', answerOf(404, { error: 'not_found', message: 'x' }), 'not_found'],
  ['a page of HTML', answerOf(200, '<html>Log in</html>'), 'bad_answer'],
  ['half of a JSON text', answerOf(200, '{"id":'), 'bad_answer'],
  ['JSON of something else', answerOf(200, { hello: 'world' }), 'bad_answer'],
  ['a time that is none', answerOf(200, { ...JOB, start_time: 'noon' }), 'bad_answer'],
  ['a redirect', answerOf(302, '', ['location: http://127.0.0.1:1/']), 'bad_answer'],
  ['a status that no page names', answerOf(418, 'tea'), 'invalid_request'],
  ['an error in a shape of its own', answerOf(500, { title: 'Oops' }), 'internal_error'],
];
test.each(FINAL)('a server that answers with %s is not asked again', async (_, answer, code) => {
  const { result, tries } = await play([answer, FINE], get);
  expect(result).toMatchObject({ name: 'ClientError', code });
  expect(tries).toBe(1);
});

test('a service that cannot store data is unhealthy, which is an answer and no error', async () => {
  const unhealthy = { status: 'unhealthy', timestamp: '2026-01-20T12:00:00.000Z', version: '1.0.0' };
  const { result, tries } = await play([answerOf(503, unhealthy)], (client) => client.getHealth());
  expect([result, tries]).toMatchObject([{ isHealthy: false, version: '1.0.0' }, 1]);
});

test('fields that a newer server sends are ignored', async () => {
  const { result } = await play(
    [answerOf(200, { ...JOB, color: 'red', allocations: [{ node: 'n', more: 1 }] })],
    get,
  );
  expect(result).toMatchObject({ id: 'a', details: { allocations: [{ node: 'n' }] } });
});

test('a port on which nobody listens is no answer, after all retries', async () => {
  const { url, ...server } = await startScriptedServer([FINE]);
  await server[Symbol.asyncDispose]();
  const { client, waits } = impatientClient({ url, retries: 2 });
  expect(await errorOf(get(client))).toMatchObject({
    code: 'no_answer',
    status: undefined,
    message: expect.stringContaining(url),
  });
  expect(waits.length).toBe(2);
});

test('a slow server ends with a time-out, which is not repeated', async () => {
  await using server = await startScriptedServer(['hang', FINE]);
  const { client } = impatientClient({ url: server.url });
  const startedMs = performance.now();
  expect(await errorOf(client.getJob('a', { timeoutMs: 100 }))).toMatchObject({
    ...{ code: 'no_answer', message: expect.stringContaining('no answer within 0.1 s') },
  });
  expect(performance.now() - startedMs).toBeLessThan(3000);
  expect(server.requests.length).toBe(1);
});

test('a caller who aborts gets the reason, while the server is silent and between two tries', async () => {
  await using server = await startScriptedServer(['hang']);
  const { client } = impatientClient({ url: server.url });
  const controller = new AbortController();
  const call = errorOf(client.getJob('a', { signal: controller.signal }));
  setTimeout(() => controller.abort(new Error('changed my mind')), 50);
  expect(await call).toMatchObject({ message: 'changed my mind' });
  const waiting = errorOf(wait(60_000, AbortSignal.timeout(20)));
  expect(await waiting).toMatchObject({ name: 'TimeoutError' });
});

test('Retry-After is read as seconds and as a date', () => {
  const nowMs = Date.parse('Tue, 20 Jan 2026 12:00:00 GMT');
  expect(readRetryAfter('5', nowMs)).toBe(5000);
  expect(readRetryAfter('Tue, 20 Jan 2026 12:00:07 GMT', nowMs)).toBe(7000);
  expect(readRetryAfter('Tue, 20 Jan 2026 11:00:00 GMT', nowMs)).toBe(0);
  expect([readRetryAfter('soon', nowMs), readRetryAfter(null, nowMs)]).toEqual([undefined, undefined]);
});
