import { ClientError } from './error.ts';

/** Levels of arrays and objects: answers have fewer than ten, and a million levels take a second to parse. */
const MAX_DEPTH = 64;
const [QUOTE, BACKSLASH] = [34, 92];
/** What each byte outside strings adds to the depth. */
const STEPS = new Int8Array(256);
for (const opening of Buffer.from('[{')) STEPS[opening] = 1;
for (const closing of Buffer.from(']}')) STEPS[closing] = -1;

/**
 * Reads the JSON text of an answer piece by piece. Rejects with `bad_answer`, and cancels the rest, as soon
 * as it has more than `maxBytes` decompressed bytes or too many levels.
 */
export async function readAnswerText(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  const checkDepth = depthChecker();
  let text = '';
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > maxBytes)
      throw new ClientError('bad_answer', `The answer has more than ${maxBytes / 2 ** 20} MiB.`);
    checkDepth(piece);
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/** Returns a function that follows JSON in UTF-8, a piece at a time. */
function depthChecker() {
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  function follow(byte: number): void {
    if (isEscaped) isEscaped = false;
    else if (byte === QUOTE) isInString = !isInString;
    else if (isInString) isEscaped = byte === BACKSLASH;
    else depth += STEPS[byte]!;
  }
  return (piece: Uint8Array): void => {
    for (const byte of piece) {
      follow(byte);
      if (depth > MAX_DEPTH)
        throw new ClientError('bad_answer', `The answer is nested deeper than ${MAX_DEPTH} levels.`);
    }
  };
}
