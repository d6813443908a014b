import { expect, test } from 'bun:test';
import { Client } from '../../src/client/client.ts';
import { ClientError } from '../../src/client/error.ts';
import type { AnswerTimes } from '../../src/client/transport.ts';
import { errorOf } from './help.ts';

const JOB = { id: 'a', user: 'u', nodes: ['n'] };
const SAMPLE = { jobId: 'a', cpuUsage: 1, memoryUsageMb: 1 };

const UNSENDABLE: [what: string, call: (client: Client) => Promise<unknown>][] = [
  ['an id with half a character', (client) => client.getJob('\ud800')],
  ['a list since no time', (client) => client.listJobs({ sinceMs: Number.NaN })],
  ['a stream since no time', (client) => client.streamJobs({ sinceMs: Number.NaN }).next()],
  ['samples until infinity', (client) => client.listSamples('a', { toMs: Number.POSITIVE_INFINITY })],
  ['a plot until infinity', (client) => client.plotSamples('a', { toMs: Number.POSITIVE_INFINITY }, 9)],
  ['a stream until infinity', (client) => client.streamSamples('a', { toMs: Number.NaN }).next()],
  ['a job submitted at no time', (client) => client.createJob({ ...JOB, details: { submitTimeMs: 9e15 } })],
  ['a change to no time', (client) => client.updateJob('a', { details: { submitTimeMs: Number.NaN } })],
  ['a job since no time', (client) => client.createJobs([{ ...JOB, state: 'running', startTimeMs: 9e15 }])],
  ['a sample of no time', (client) => client.recordSample('a', { ...SAMPLE, timeMs: Number.NaN })],
  ['a batch of no time', (client) => client.recordSamples([{ ...SAMPLE, timeMs: Number.NaN }])],
];
test.each(UNSENDABLE)('a request for %s rejects with a validation error', async (_, call) => {
  // Nobody listens there, so a request that is sent rejects with another error.
  const error = await errorOf(call(new Client({ url: 'http://127.0.0.1:1', retries: 0 })));
  expect(error).toBeInstanceOf(ClientError);
  expect(error).toMatchObject({ code: 'validation_error', status: undefined });
  expect((error as Error).message).toMatch(/^The request cannot be written: .+\.$/);
});

test('the body of a refusal is read only up to a bound', async () => {
  let pieces = 0;
  let isCancelled = false;
  const endless = () =>
    new ReadableStream({
      async pull(controller) {
        await Bun.sleep(1);
        pieces++;
        controller.enqueue(new Uint8Array(16 * 1024));
      },
      cancel() {
        isCancelled = true;
      },
    });
  using server = Bun.serve({ port: 0, fetch: () => new Response(endless(), { status: 500 }) });
  const client = new Client({ url: server.url.href, timeoutMs: 2000 });
  expect(await errorOf(client.getJob('a'))).toMatchObject({ code: 'internal_error', status: 500 });
  for (let waits = 0; !isCancelled && waits < 100; waits++) await Bun.sleep(10);
  expect(isCancelled).toBe(true);
  // 64 KiB are read; the rest lay in the buffers of the connection.
  expect(pieces).toBeLessThan(500);
});

test('the times of each answer whose date can be read are told', async () => {
  const seen: AnswerTimes[] = [];
  const dates = [undefined, 'Tue, 20 Jan 2026 12:00:00 GMT', 'noon'];
  const server = Bun.serve({
    port: 0,
    fetch() {
      const date = dates[seen.length];
      return Response.json({ status: 'healthy', version: '1' }, { headers: date ? { date } : {} });
    },
  });
  try {
    const client = new Client({
      url: server.url.href,
      retries: 0,
      onAnswer: (times) => void seen.push(times),
    });
    for (const _ of dates) await errorOf(client.getJob('a'));
    const [own, given] = seen as [AnswerTimes, AnswerTimes];
    expect(seen).toHaveLength(2);
    expect(Math.abs(own.serverMs - own.sentMs)).toBeLessThan(5000);
    expect(own.receivedMs).toBeGreaterThanOrEqual(own.sentMs);
    expect(given.serverMs).toBe(Date.UTC(2026, 0, 20, 12));
  } finally {
    await server.stop(true);
  }
});

/** Two services on one database, where the first only reads, and the client of both. */
function startTwo(writerHeaders: (writer: string) => unknown) {
  const asked: string[] = [];
  const writer = Bun.serve({
    port: 0,
    fetch() {
      asked.push('writer');
      return new Response(null, { status: 204 });
    },
  });
  const reader = Bun.serve({
    port: 0,
    fetch() {
      asked.push('reader');
      return Response.json(writerHeaders(writer.url.origin), { status: 503 });
    },
  });
  const client = new Client({ url: reader.url.origin, others: [writer.url.origin], retries: 0 });
  return {
    asked,
    client,
    async [Symbol.asyncDispose]() {
      await Promise.all([writer.stop(true), reader.stop(true)]);
    },
  };
}

test('a write that a reader refuses goes to the writer at once, and so do the next ones', async () => {
  await using two = startTwo((writer) => ({ error: 'unavailable', message: 'I read.', writer }));
  await two.client.deleteJob('a');
  await two.client.deleteJob('b');
  expect(two.asked).toEqual(['reader', 'writer', 'writer']);
});

test('a writer that is not among the URLs of the settings is never asked', async () => {
  await using two = startTwo(() => ({
    error: 'unavailable',
    message: 'I read.',
    writer: 'http://192.0.2.1:1',
  }));
  await two.client.deleteJob('a');
  expect(two.asked).toEqual(['reader', 'writer']);
});

test('what a service may have stored is not sent to another one, which gets the next request', async () => {
  await using two = startTwo(() => ({ error: 'unavailable', message: 'The disk is full.' }));
  expect(await errorOf(two.client.deleteJob('a'))).toMatchObject({ code: 'unavailable' });
  await two.client.deleteJob('a');
  expect(two.asked).toEqual(['reader', 'writer']);
});

test('a service that is not there is left for the next one, and without any the error says so', async () => {
  using server = Bun.serve({ port: 0, fetch: () => new Response(null, { status: 204 }) });
  const nobody = 'http://127.0.0.1:1';
  const client = new Client({ url: nobody, others: [server.url.origin], retries: 0 });
  await client.deleteJob('a');
  expect(client.url).toBe(server.url.origin);
  const alone = new Client({ url: nobody, others: [nobody], retries: 0 });
  expect(await errorOf(alone.deleteJob('a'))).toMatchObject({ code: 'no_answer' });
});
