import { ClientError } from './error.ts';

/** A server-sent event with its data, which is JSON. */
export interface StreamEvent {
  readonly name: string;
  readonly data: unknown;
}

/** An event of the service has up to 200 ids, of 256 characters each. */
const MAX_EVENT_LENGTH = 1024 * 1024;

/**
 * Yields the events of a stream as they arrive, comments left out (HTML standard, section 9.2); `bad_answer`
 * for an event that is too long or not JSON.
 */
export async function* readEvents(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    const events = (rest + decoder.decode(piece, { stream: true })).replaceAll('\r', '').split('\n\n');
    rest = events.pop()!;
    for (const event of events) {
      const read = readEvent(event);
      if (read) yield read;
    }
    if (rest.length > MAX_EVENT_LENGTH)
      throw new ClientError('bad_answer', 'An event of the answer is too long.');
  }
}

function readEvent(text: string): StreamEvent | undefined {
  const valuesOf = (field: string) =>
    text.split('\n').flatMap((line) => {
      const [, value] = new RegExp(`^${field}: ?(.*)$`).exec(line) ?? [];
      return value === undefined ? [] : [value];
    });
  const data = valuesOf('data');
  if (data.length === 0) return undefined;
  try {
    return { name: valuesOf('event').at(-1) ?? 'message', data: JSON.parse(data.join('\n')) };
  } catch (cause) {
    throw new ClientError('bad_answer', 'An event of the answer is not valid JSON.', { cause });
  }
}
