import { SLICE_MS, takeTurn } from '../pace.ts';

/** Answers up to this size are sent as a whole, with their length. */
const WHOLE_BYTES = 2 * 1024 * 1024;

/**
 * Sends pieces as the client takes them, one ahead at most; a small answer is sent as a whole. What fails before the first
 * WHOLE_BYTES is an error like any other; a later failure breaks the connection off. The pieces end when the client goes away.
 */
export async function sendPieces(
  pieces: AsyncGenerator<Uint8Array<ArrayBuffer>>,
  headers: Record<string, string>,
): Promise<Response> {
  const first: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  while (bytes < WHOLE_BYTES) {
    const next = await pieces.next();
    if (next.done) return new Response(joinBytes(first, bytes), { headers });
    first.push(next.value);
    bytes += next.value.length;
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(joinBytes(first, bytes)),
      async pull(controller) {
        const next = await pieces.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: () => pieces.return(undefined) as Promise<never>,
    },
    { highWaterMark: 1 },
  );
  return new Response(body, { headers });
}

function joinBytes(pieces: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Text is sent in pieces of about this size. */
const PIECE_CHARACTERS = 64 * 1024;

/** Sends JSON whose parts are made one after the other, each in well under a millisecond, in slices beside other requests. */
export const sendJson = (parts: AsyncIterable<string>): Promise<Response> =>
  sendPieces(encodeParts(parts), { 'content-type': 'application/json' });

async function* encodeParts(parts: AsyncIterable<string>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let text = '';
  let endMs = performance.now() + SLICE_MS;
  for await (const part of parts) {
    text += part;
    if (text.length > PIECE_CHARACTERS) {
      yield Buffer.from(text);
      text = '';
    }
    if (performance.now() > endMs) {
      await takeTurn();
      endMs = performance.now() + SLICE_MS;
    }
  }
  yield Buffer.from(text);
}
