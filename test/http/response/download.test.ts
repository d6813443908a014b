import { expect, test } from 'bun:test';
import { sendDownload, sendPieces, sendShared } from '../../../src/http/response/download.ts';

/** Returns endless pieces, the number rendered so far, and whether the generator was closed. */
function endless(bytes = 64 * 1024) {
  const seen = { made: 0, isClosed: false };
  async function* pieces() {
    try {
      for (;;) {
        seen.made++;
        yield new Uint8Array(bytes);
      }
    } finally {
      seen.isClosed = true;
    }
  }
  return { seen, pieces: pieces() };
}

const codeOf = (sending: Promise<unknown>) =>
  sending.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

test('a download renders no faster than its client reads, and stops when the client leaves', async () => {
  const { seen, pieces } = endless();
  const reader = (await sendDownload(pieces, {})).body!.getReader();
  for (let read = 0; read < 10; read++) await reader.read();
  await Bun.sleep(5);
  expect(seen.made).toBeGreaterThan(9);
  expect(seen.made).toBeLessThan(15);
  await reader.cancel();
  expect(seen.isClosed).toBe(true);
});

test('a failure in the middle of an answer closes its connection', async () => {
  async function* pieces() {
    yield new Uint8Array(10);
    throw new Error('gone');
  }
  const response = await sendDownload(pieces(), {});
  expect(response.arrayBuffer()).rejects.toThrow('gone');
});

const WAYS = [
  ['downloads', 16, sendDownload],
  ['long answers', 32, sendPieces],
] as const;
test.each(WAYS)(
  '%s are limited to %d at a time; the next one is refused until one ends',
  async (_, places, send) => {
    const open = [];
    for (let count = 0; count < places; count++) open.push(await send(endless().pieces, {}));
    const refused = endless();
    expect(await codeOf(send(refused.pieces, {}))).toBe('unavailable');
    expect(refused.seen.made === 0 || refused.seen.isClosed).toBe(true);
    // One before its first read, and one after it.
    await open.pop()!.body!.cancel();
    const reader = open.pop()!.body!.getReader();
    await reader.read();
    await reader.cancel();
    const next = [await send(endless().pieces, {}), await send(endless().pieces, {})];
    expect(await codeOf(send(endless().pieces, {}))).toBe('unavailable');
    for (const response of [...open, ...next]) await response.body!.cancel();
  },
);

test('downloads that end or fail free their places', async () => {
  async function* short() {
    yield new Uint8Array(10);
  }
  async function* broken(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield new Uint8Array(10);
    throw new Error('broken');
  }
  // biome-ignore lint/correctness/useYield: it fails before its first piece.
  async function* failing(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    throw new Error('at once');
  }
  for (let count = 0; count < 40; count++) {
    expect((await (await sendDownload(short(), {})).arrayBuffer()).byteLength).toBe(10);
    expect((await sendDownload(broken(), {})).arrayBuffer()).rejects.toThrow('broken');
    expect(sendDownload(failing(), {})).rejects.toThrow('at once');
  }
  const { pieces } = endless();
  await (await sendDownload(pieces, {})).body!.cancel();
});

test('a shared text has a few pieces in transit for each client, and eight clients at a time', async () => {
  const text = crypto.getRandomValues(new Uint8Array(64 * 1024)).buffer;
  const shared = new Uint8Array(12 * 1024 * 1024);
  for (let at = 0; at < shared.length; at += text.byteLength) shared.set(new Uint8Array(text), at);
  const open = [];
  for (let count = 0; count < 8; count++) open.push(await sendShared(shared, {}));
  expect(await codeOf(sendShared(shared, {}))).toBe('unavailable');
  expect((await sendShared(shared.subarray(0, 1000), {})).body).not.toBeNull();
  const [first, ...others] = open;
  expect(Bun.hash(await first!.arrayBuffer())).toBe(Bun.hash(shared));
  await (await sendShared(shared, {})).body!.cancel();
  for (const response of others) await response.body!.cancel();
});
