import { ClientError } from './error.ts';

/** Levels of arrays and objects: answers have fewer than ten, and a million levels take a second to parse. */
const MAX_DEPTH = 64;
/** Followed in one turn of the event loop: well under a millisecond. */
const PART_BYTES = 32 * 1024;

const [OUTSIDE, IN_STRING, ESCAPED] = [0, 256, 512];
/** The state after each byte in each state. */
const NEXT = new Uint16Array(768);
NEXT.fill(IN_STRING, IN_STRING);
NEXT[OUTSIDE + codeOf('"')] = IN_STRING;
NEXT[IN_STRING + codeOf('"')] = OUTSIDE;
NEXT[IN_STRING + codeOf('\\')] = ESCAPED;
/** What each byte in each state adds to the depth. */
const STEPS = new Int8Array(768);
for (const opening of '[{') STEPS[OUTSIDE + codeOf(opening)] = 1;
for (const closing of ']}') STEPS[OUTSIDE + codeOf(closing)] = -1;

/**
 * Reads the JSON text of an answer piece by piece, others having their turn in between. Rejects with
 * `bad_answer`, and cancels the rest, as soon as it has more than `maxBytes` decompressed bytes or too many
 * levels.
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
    text += decoder.decode(piece, { stream: true });
    // In parts, because several answers that lie ready are read in the same turns.
    for (let at = 0; at < piece.length; at += PART_BYTES) {
      checkDepth(piece.subarray(at, at + PART_BYTES));
      await nextTurn();
    }
  }
  return text + decoder.decode();
}

/** Returns a function that follows JSON in UTF-8, a piece at a time: 2 ms a MiB. */
function depthChecker() {
  let depth = 0;
  let state = OUTSIDE;
  return (piece: Uint8Array): void => {
    let deepest = depth;
    // By index: `for … of` takes six times as long.
    for (let at = 0; at < piece.length; at++) {
      const place = state + piece[at]!;
      depth += STEPS[place]!;
      state = NEXT[place]!;
      if (depth > deepest) deepest = depth;
    }
    if (deepest > MAX_DEPTH)
      throw new ClientError('bad_answer', `The answer is nested deeper than ${MAX_DEPTH} levels.`);
  };
}

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

/** Resolves in a later turn of the event loop. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
