import { ClientError } from './error.ts';

/** A job may have 100,000 nodes with names of 256 characters. */
const MAX_LINE_LENGTH = 64 * 1024 * 1024;

/**
 * Yields the values of an NDJSON stream. Holds one piece of the stream and one line; `bad_answer` for
 * anything else.
 */
export async function* readLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    const text = decoder.decode(piece, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield parseLine(rest + text.slice(start, end));
      rest = '';
      start = end + 1;
    }
    rest += text.slice(start);
    if (rest.length > MAX_LINE_LENGTH)
      throw new ClientError('bad_answer', 'A row of the answer is too long.');
  }
  if (rest + decoder.decode() !== '')
    throw new ClientError('bad_answer', 'The last row of the answer is cut off.');
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new ClientError('bad_answer', 'A row of the answer is not valid JSON.', { cause });
  }
}
