import { EVENT_STREAM } from '../../api/live.ts';

/** What a client may leave unread before it is disconnected, in bytes. */
const MAX_UNREAD_BYTES = 64 * 1024;

const HEADERS = {
  'content-type': EVENT_STREAM,
  'cache-control': 'no-store',
  // nginx would keep events back until it has some kilobytes.
  'x-accel-buffering': 'no',
};

/** The service's end of a stream of server-sent events. */
export interface EventSink {
  /** Sends an event, and disconnects a client that is too slow. */
  send(event: Uint8Array): void;
  /** Ends the stream; its client may come back. */
  end(): void;
}

const encoder = new TextEncoder();

/** Returns an event as it is sent: an object as JSON has no line breaks. */
export const writeEvent = (name: string, data: object): Uint8Array<ArrayBuffer> =>
  encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);

/**
 * Answers with a stream of events. `open` gets its sink, and returns what is to be called once it has ended,
 * for whatever reason; if `open` throws, there is no stream.
 */
export function sendEvents(open: (sink: EventSink) => () => void): Response {
  let close = () => {};
  let isEnded = false;
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const finish = (): boolean => {
    if (isEnded) return false;
    isEnded = true;
    close();
    return true;
  };
  const sink: EventSink = {
    send(event) {
      if (isEnded) return;
      controller.enqueue(event);
      if ((controller.desiredSize ?? 0) >= 0) return;
      if (finish()) controller.error(new Error('The client reads too slowly.'));
    },
    end() {
      if (finish()) controller.close();
    },
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(started) {
        controller = started;
      },
      cancel: () => void finish(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }),
  );
  close = open(sink);
  // It may have ended within `open`.
  if (isEnded) close();
  return new Response(body, { headers: HEADERS });
}

/** The answer to a HEAD request. */
export const describeEvents = (): Response => new Response(null, { headers: HEADERS });
