import { MEDIA_TYPE } from '../../api/media-type.ts';
import { createGate, type Gate } from '../../domain/gate.ts';
import { startPace } from '../../pace.ts';

/** Answers up to this size are sent as a whole, with a Content-Length. */
export const WHOLE_BYTES = 2 * 1024 * 1024;

// A streamed answer occupies memory, a connection and a transaction of the database until its client has
// received it.
const BUSY = 'Too many downloads are in progress; try again in a second.';
/** CSV and NDJSON, which may have any length, from their start. */
const downloads = createGate({ places: 16, waiting: 0, message: BUSY });
/** JSON, as soon as it exceeds WHOLE_BYTES. */
const longAnswers = createGate({ places: 32, waiting: 0, message: BUSY });
/**
 * A slower client is disconnected. One that reads nothing
 * at all is disconnected by the server's idle timeout.
 */
const MAX_DOWNLOAD_MS = 15 * 60_000;
/** Scrapes without gzip. */
const scrapes = createGate({
  places: 8,
  waiting: 0,
  message: 'Too many scrapes are in progress; request gzip, or try again in a second.',
});
/** The longest scrape_timeout in use. */
const MAX_SCRAPE_MS = 60_000;

/** The socket copies each piece, so this is also the memory for each client. */
const SHARED_PIECE_BYTES = 256 * 1024;

type Pieces = Pick<AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>, 'next' | 'return'>;

/**
 * Sends pieces as fast as the client reads them, at most one ahead; an answer up to WHOLE_BYTES is sent as a
 * whole. A failure before that is an ordinary error, a later one closes the connection. Stops the pieces when
 * the client disconnects. Rejects with `unavailable` when too many long answers are being sent.
 */
export async function sendPieces(pieces: Pieces, headers: Record<string, string>): Promise<Response> {
  return send(pieces, headers, { gate: longAnswers });
}

/**
 * Sends pieces as `sendPieces` does, but streams from the first, so that the connection is never idle.
 * Rejects with `unavailable` when too many downloads are in progress.
 */
export async function sendDownload(pieces: Pieces, headers: Record<string, string>): Promise<Response> {
  const leave = await downloads.enter();
  return send(leaveAtEnd(pieces, leave), headers, { wholeBytes: 1 });
}

/**
 * Sends a text to many clients without a copy for each. Rejects with `unavailable` when too many long ones
 * are sent.
 */
export function sendShared(
  text: Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<Response> {
  return send(piecesOf(text), headers, { gate: scrapes, maxMs: MAX_SCRAPE_MS });
}

async function* piecesOf(text: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  for (let at = 0; at < text.length; at += SHARED_PIECE_BYTES)
    yield text.subarray(at, at + SHARED_PIECE_BYTES);
}

/** Wraps pieces so that `leave` is called when they end, fail or are stopped, even before the first. */
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
  /** Bounds the number of streamed answers. */
  readonly gate?: Gate;
  readonly maxMs?: number;
  /** A longer answer is streamed. */
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
        controller.error(new Error('The client took too long to receive the answer.'));
      },
      cancel: () => pieces.return() as Promise<never>,
    },
    { highWaterMark: 1 },
  );
  return new Response(body, { headers });
}

function joinBytes(pieces: readonly Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  if (pieces.length === 1) return pieces[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Text is sent in pieces of about this many characters. */
const PIECE_CHARACTERS = 64 * 1024;

/** Sends CSV or NDJSON; the parts are rendered as those of `sendJson`. */
export const sendText = (parts: AsyncIterable<string>, headers: Record<string, string>): Promise<Response> =>
  sendDownload(encodeParts(parts), headers);

/**
 * Sends JSON whose parts are rendered one by one, each in
 * well under a millisecond, yielding to other requests.
 */
export const sendJson = (parts: AsyncIterable<string>): Promise<Response> =>
  sendPieces(encodeParts(parts), { 'content-type': MEDIA_TYPE.json });

async function* encodeParts(parts: AsyncIterable<string>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let text = '';
  const pace = startPace('background');
  for await (const part of parts) {
    text += part;
    if (text.length > PIECE_CHARACTERS) {
      yield Buffer.from(text);
      text = '';
    }
    if (pace.isDue()) await pace.rest();
  }
  yield Buffer.from(text);
}
