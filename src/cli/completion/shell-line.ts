/** A command line up to the cursor, as a shell splits it. */
export interface ShellLine {
  /** The words before the one at the cursor, without quotes. */
  readonly before: readonly string[];
  /** The word at the cursor, without quotes; empty after a blank. */
  readonly word: string;
  /** The quote that is open at the cursor; empty if none is. */
  readonly quote: string;
}

/** What a shell reads at once: a blank, an escaped or quoted part, or one character. */
const PART = /\s+|\\(.?)|'([^']*)('?)|"((?:[^"\\]|\\.)*)("?)|[^\s\\'"]+/gsu;

/** Splits a command line up to the cursor. Variables and substitutions stay as they are. */
export function splitShellLine(line: string): ShellLine {
  const words: (string | undefined)[] = [undefined];
  let quote = '';
  for (const match of line.matchAll(PART)) {
    const part = readPart(match);
    quote = part?.quote ?? '';
    if (part) words.push((words.pop() ?? '') + part.text);
    else if (words.at(-1) !== undefined) words.push(undefined);
  }
  const word = words.pop() ?? '';
  return { before: words as string[], word, quote };
}

/** Returns what a part adds to a word and the quote that it leaves open; undefined for a blank. */
function readPart([part, escaped, single, singleEnd, double, doubleEnd]: RegExpExecArray) {
  if (/^\s/.test(part)) return undefined;
  if (escaped !== undefined) return { text: escaped, quote: '' };
  if (single !== undefined) return { text: single, quote: singleEnd === '' ? "'" : '' };
  if (double === undefined) return { text: part, quote: '' };
  return { text: double.replace(/\\(["\\$`])/g, '$1'), quote: doubleEnd === '' ? '"' : '' };
}
