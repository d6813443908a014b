import { createGate, type Gate } from '../../domain/gate.ts';
import { SLICE_MS, yieldToOthers } from '../../pace.ts';

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
/** Scrapes that are not packed. */
const scrapes = createGate({
  places: 8,
  waiting: 0,
  message: 'Too many scrapes are being sent; ask for gzip, or try again in a second.',
});
/** No scraper waits longer for a scrape. */
const MAX_SCRAPE_MS = 60_000;

/** A piece is copied on its way, and as large as a client may have on the way. */
const SHARED_PIECE_BYTES = 256 * 1024;

type Pieces = Pick<AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>, 'next' | 'return'>;

/**
 * Sends pieces as the client takes them, one ahead at most; a small answer is sent as a whole. What fails before the first
 * WHOLE_BYTES is an error like any other; a later failure breaks the connection off. The pieces end when the client goes
 * away. `unavailable` when the answer is long, and too many such are being sent.
 */
export async function sendPieces(pieces: Pieces, headers: Record<string, string>): Promise<Response> {
  return send(pieces, headers, { gate: longAnswers });
}

/**
 * Sends pieces as `sendPieces` does, from the first on, so that its client is not taken for an idle one; `unavailable` before the
 * first when too many downloads are under way.
 */
export async function sendDownload(pieces: Pieces, headers: Record<string, string>): Promise<Response> {
  const leave = await downloads.enter();
  return send(leaveAtEnd(pieces, leave), headers, { wholeBytes: 1 });
}

/** Sends a text that many clients may share, without a copy for each; `unavailable` when it is long, and too many are sent. */
export function sendShared(
  text: Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<Response> {
  return send(cut(text), headers, { gate: scrapes, maxMs: MAX_SCRAPE_MS });
}

async function* cut(text: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  for (let at = 0; at < text.length; at += SHARED_PIECE_BYTES)
    yield text.subarray(at, at + SHARED_PIECE_BYTES);
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

interface SendOptions {
  /** Bounds the answers that are too long to be sent as a whole. */
  readonly gate?: Gate;
  readonly maxMs?: number;
  /** What is longer is sent while it is made. */
  readonly wholeBytes?: number;
}

async function send(
  pieces: Pieces,
  headers: Record<string, string>,
  { gate, maxMs = MAX_DOWNLOAD_MS, wholeBytes = WHOLE_BYTES }: SendOptions,
): Promise<Response> {
  const first: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  while (bytes < wholeBytes) {
    const next = await pieces.next();
    if (next.done) return new Response(joinBytes(first, bytes), { headers });
    first.push(next.value);
    bytes += next.value.length;
  }
  const leave = await gate?.enter().catch(async (error) => {
    await pieces.return();
    throw error;
  });
  return stream(leave ? leaveAtEnd(pieces, leave) : pieces, joinBytes(first, bytes), { headers, maxMs });
}

function stream(
  pieces: Pieces,
  head: Uint8Array<ArrayBuffer>,
  { headers, maxMs }: { readonly headers: Record<string, string>; readonly maxMs: number },
): Response {
  const endMs = performance.now() + maxMs;
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
      await yieldToOthers('background');
      endMs = performance.now() + SLICE_MS;
    }
  }
  yield Buffer.from(text);
}
