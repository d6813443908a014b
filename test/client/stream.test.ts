import { expect, test } from 'bun:test';
import { readLines } from '../../src/client/ndjson.ts';
import { answerOf, cutAnswer, startScriptedServer } from '../help/scripted-server.ts';
import { errorOf, impatientClient } from './help.ts';

const row = (id: string) =>
  `${JSON.stringify({ id, user: 'u', nodes: ['n'], state: 'running', cpu_usage: 0, memory_usage_mb: 0 })}\n`;

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  yield* texts.map((text) => Buffer.from(text));
}

test('rows are put together from pieces that end anywhere, inside of characters too', async () => {
  const bytes = Buffer.from('{"a":"é🧪"}\n[1]\n"\\n"\n');
  for (let size = 1; size <= bytes.length; size++) {
    const cut = async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    expect(await Array.fromAsync(readLines(cut()))).toEqual([{ a: 'é🧪' }, [1], '\n']);
  }
});

test('a row that is cut off or is not JSON is a bad answer', async () => {
  const read = (...texts: string[]) => errorOf(Array.fromAsync(readLines(pieces(...texts))));
  expect(await read('{"a":1}\n{"a"')).toMatchObject({
    code: 'bad_answer',
    message: expect.stringContaining('cut off'),
  });
  expect(await read('{"a":1}\n<html>\n')).toMatchObject({
    code: 'bad_answer',
    message: expect.stringContaining('JSON'),
  });
});

test('the start of a stream is retried, and a stream that breaks off ends with an error after its rows', async () => {
  await using server = await startScriptedServer(['break', cutAnswer(row('a') + row('b'))]);
  const { client } = impatientClient({ url: server.url });
  const ids: string[] = [];
  const read = async () => {
    for await (const { id } of client.streamJobs()) ids.push(id);
  };
  expect(await errorOf(read())).toMatchObject({ code: 'no_answer' });
  expect([ids, server.requests.length]).toEqual([['a', 'b'], 2]);
});

test('a stream asks for NDJSON, and a row of something else is a bad answer', async () => {
  await using server = await startScriptedServer([answerOf(200, `${row('a')}{"id":1}\n`)]);
  const { client } = impatientClient({ url: server.url });
  const error = await errorOf(Array.fromAsync(client.streamJobs({ user: ['a', 'b'] })));
  expect(error).toMatchObject({ code: 'bad_answer', message: expect.stringContaining('is required') });
  expect(server.requests[0]!.line).toBe('GET /v1/jobs?user=a&user=b');
});

test('a stream that stalls times out, and the time that its reader takes does not count', async () => {
  const server = Bun.serve({
    port: 0,
    fetch: () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(Buffer.from(row('a')));
            await Bun.sleep(10);
            controller.enqueue(Buffer.from(row('b')));
            await new Promise(() => {});
          },
        }),
      ),
  });
  try {
    const { client } = impatientClient({ url: server.url.href, timeoutMs: 300 });
    const ids: string[] = [];
    const read = async () => {
      for await (const { id } of client.streamJobs()) {
        ids.push(id);
        await Bun.sleep(400);
      }
    };
    expect(await errorOf(read())).toMatchObject({
      code: 'no_answer',
      message: expect.stringContaining('0.3 s'),
    });
    expect(ids).toEqual(['a', 'b']);
  } finally {
    await server.stop(true);
  }
});

test('a stream of 320 MB takes no more memory than its pieces', async () => {
  const rows = Buffer.from(row('a'.repeat(200)).repeat(3000));
  const count = 400;
  const server = Bun.serve({
    port: 0,
    fetch() {
      let sent = 0;
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (sent++ === count) controller.close();
            else controller.enqueue(rows);
          },
        }),
      );
    },
  });
  try {
    const { client } = impatientClient({ url: server.url.href });
    let read = 0;
    let most = 0;
    Bun.gc(true);
    const before = process.memoryUsage().rss;
    for await (const _ of client.streamJobs()) {
      read++;
      if (read % 50_000 === 0) most = Math.max(most, process.memoryUsage().rss - before);
    }
    expect(read).toBe(3000 * count);
    expect(most).toBeLessThan(200 * 1024 * 1024);
  } finally {
    await server.stop(true);
  }
}, 60_000);
