import { expect, test } from 'bun:test';
import { sendDownload, sendPieces, sendShared } from '../../../src/http/response/download.ts';

/** Pieces without end; tells how many were made, and whether the maker was let go. */
function endless(bytes = 64 * 1024) {
  const seen = { made: 0, isLetGo: false };
  async function* pieces() {
    try {
      for (;;) {
        seen.made++;
        yield new Uint8Array(bytes);
      }
    } finally {
      seen.isLetGo = true;
    }
  }
  return { seen, pieces: pieces() };
}

const codeOf = (sending: Promise<unknown>) =>
  sending.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

test('pieces are made no faster than they are read, and no more once the reader has left', async () => {
  const { seen, pieces } = endless();
  const reader = (await sendDownload(pieces, {})).body!.getReader();
  for (let read = 0; read < 10; read++) await reader.read();
  await Bun.sleep(5);
  expect(seen.made).toBeGreaterThan(9);
  expect(seen.made).toBeLessThan(15);
  await reader.cancel();
  expect(seen.isLetGo).toBe(true);
});

test('a failure on the way breaks the answer off', async () => {
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
  'of %s %d are sent at once, and the next one is refused until one ends',
  async (_, places, send) => {
    const open = [];
    for (let count = 0; count < places; count++) open.push(await send(endless().pieces, {}));
    const refused = endless();
    expect(await codeOf(send(refused.pieces, {}))).toBe('unavailable');
    expect(refused.seen.made === 0 || refused.seen.isLetGo).toBe(true);
    // One that was never read, and one that was.
    await open.pop()!.body!.cancel();
    const reader = open.pop()!.body!.getReader();
    await reader.read();
    await reader.cancel();
    const next = [await send(endless().pieces, {}), await send(endless().pieces, {})];
    expect(await codeOf(send(endless().pieces, {}))).toBe('unavailable');
    for (const response of [...open, ...next]) await response.body!.cancel();
  },
);

test('downloads that end or fail by themselves make room too', async () => {
  async function* short() {
    yield new Uint8Array(10);
  }
  async function* broken(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield new Uint8Array(10);
    throw new Error('broken');
  }
  // biome-ignore lint/correctness/useYield: what fails before its first piece.
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

test('of one text that is shared each client has a few pieces on the way, and eight clients are served at once', async () => {
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
