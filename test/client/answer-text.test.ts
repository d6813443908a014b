import { expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { readAnswerText } from '../../src/client/answer-text.ts';
import { Client } from '../../src/client/client.ts';
import { errorOf } from './help.ts';

const textOf = (body: string | ReadableStream, maxBytes = 1000) =>
  readAnswerText(new Response(body), maxBytes);

test('an answer within the bounds is read as it is', async () => {
  const text = JSON.stringify({ 'ä"\\[{': '\\"'.repeat(99), list: [[], {}, ']', '[[['.repeat(50)] });
  expect(await textOf(text)).toBe(text);
  expect(await textOf('['.repeat(64))).toHaveLength(64);
  expect(await textOf('[],'.repeat(300))).toHaveLength(900);
});

test('text in pieces of one byte is read and counted like the whole', async () => {
  const inPieces = (text: string) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of Buffer.from(text)) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
  const text = `["ä\\\\","\\"${'['.repeat(99)}"]`;
  expect(await textOf(inPieces(text))).toBe(text);
  expect(await errorOf(textOf(inPieces(`["\\\\",${'{"a":'.repeat(65)}`)))).toMatchObject({
    code: 'bad_answer',
  });
});

test.each([
  ['is longer', '[0,'.repeat(400), /more than/],
  ['is deeper', '['.repeat(65), /deeper than 64 levels/],
  ['is deeper in objects', '{"a":'.repeat(65), /deeper than 64 levels/],
])('an answer that %s is refused', async (_, body, words) => {
  expect(await errorOf(textOf(body))).toMatchObject({
    code: 'bad_answer',
    message: expect.stringMatching(words),
  });
});

test('a client with a bound gives an endless or packed answer up', async () => {
  let isCancelled = false;
  const endless = new ReadableStream({
    async pull(controller) {
      await Bun.sleep(1);
      controller.enqueue(new Uint8Array(64 * 1024).fill(32));
    },
    cancel() {
      isCancelled = true;
    },
  });
  const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20, ' '));
  using server = Bun.serve({
    port: 0,
    fetch: ({ url }) =>
      url.endsWith('/a')
        ? new Response(endless)
        : new Response(bomb, { headers: { 'content-encoding': 'gzip' } }),
  });
  const client = new Client({ url: server.url.href, maxAnswerBytes: 2 ** 20, retries: 0 });
  const refused = { code: 'bad_answer', message: 'The answer has more than 1 MiB.' };
  expect(await errorOf(client.getJob('a'))).toMatchObject(refused);
  expect(await errorOf(client.getJob('b'))).toMatchObject(refused);
  for (let waits = 0; !isCancelled && waits < 100; waits++) await Bun.sleep(10);
  expect(isCancelled).toBe(true);
});
