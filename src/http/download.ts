import { createGate, type Gate } from '../domain/gate.ts';
import { SLICE_MS, takeTurn } from '../pace.ts';

/** Answers up to this size are sent as a whole, with their length. */
const WHOLE_BYTES = 2 * 1024 * 1024;

// What is sent while it is read holds memory, a connection and a transaction of the database until its client has taken it.
const BUSY = 'Too many downloads are under way; try again in a second.';
/** CSV and NDJSON, from the start: they may be of any length. */
const downloads = createGate({ places: 16, waiting: 0, message: BUSY });
/** JSON, from where it turns out to be long. */
const longAnswers = createGate({ places: 32, waiting: 0, message: BUSY });
/** A client that takes longer is cut off. One that takes nothing at all is cut by the idle timeout of the server. */
const MAX_DOWNLOAD_MS = 15 * 60_000;

type Pieces = Pick<AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>, 'next' | 'return'>;

/**
 * Sends pieces as the client takes them, one ahead at most; a small answer is sent as a whole. What fails before the first
 * WHOLE_BYTES is an error like any other; a later failure breaks the connection off. The pieces end when the client goes
 * away. `unavailable` when the answer is long, and too many such are being sent.
 */
export async function sendPieces(pieces: Pieces, headers: Record<string, string>): Promise<Response> {
  return send(pieces, headers, longAnswers);
}

/** Sends pieces as `sendPieces` does; `unavailable` before the first when too many downloads are under way. */
export async function sendDownload(pieces: Pieces, headers: Record<string, string>): Promise<Response> {
  const leave = await downloads.enter();
  return send(leaveAtEnd(pieces, leave), headers);
}

/** The same pieces; `leave` is called when they are over, fail or are given up, even before the first. */
function leaveAtEnd(pieces: Pieces, leave: () => void): Pieces {
  return {
    async next() {
      try {
        const next = await pieces.next();
        if (next.done) leave();
        return next;
      } catch (error) {
        leave();
        throw error;
      }
    },
    return(value) {
      leave();
      return pieces.return(value);
    },
  };
}

async function send(pieces: Pieces, headers: Record<string, string>, gate?: Gate): Promise<Response> {
  const first: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  while (bytes < WHOLE_BYTES) {
    const next = await pieces.next();
    if (next.done) return new Response(joinBytes(first, bytes), { headers });
    first.push(next.value);
    bytes += next.value.length;
  }
  const leave = await gate?.enter().catch(async (error) => {
    await pieces.return();
    throw error;
  });
  return stream(leave ? leaveAtEnd(pieces, leave) : pieces, joinBytes(first, bytes), headers);
}

function stream(pieces: Pieces, head: Uint8Array<ArrayBuffer>, headers: Record<string, string>): Response {
  const endMs = performance.now() + MAX_DOWNLOAD_MS;
  let first: Uint8Array<ArrayBuffer> | undefined = head;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = first ?? (await pieces.next()).value;
        first = undefined;
        if (piece) controller.enqueue(piece);
        else controller.close();
        if (performance.now() <= endMs) return;
        await pieces.return();
        controller.error(new Error('The client took too long for the download.'));
      },
      cancel: () => pieces.return() as Promise<never>,
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

/** Sends a download whose parts are made like those of `sendJson`. */
export const sendText = (parts: AsyncIterable<string>, headers: Record<string, string>): Promise<Response> =>
  sendDownload(encodeParts(parts), headers);

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
