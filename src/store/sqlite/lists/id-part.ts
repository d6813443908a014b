/** Ids are split before their last digits, because most ids of a block begin alike. */
const LAST_DIGITS = 4;
const SPLIT = 10 ** LAST_DIGITS;

/**
 * Returns a function that finds out whether the decimal form of a whole number has some digits in it. If most
 * numbers begin like the one before, that is ten times as fast as writing them.
 */
export function idPartFinder(part: string): (id: number) => boolean {
  const ends = Array.from({ length: SPLIT }, (_, last) => String(last).padStart(LAST_DIGITS, '0'));
  const isInEnd = Uint8Array.from(ends, (end) => Number(end.includes(part)));
  /** Ends that begin with what is left of the part after its first `length` digits. */
  const isContinued = Array.from({ length: part.length }, (_, length) =>
    Uint8Array.from(ends, (end) =>
      Number(part.length - length <= LAST_DIGITS && end.startsWith(part.slice(length))),
    ),
  );
  const isInEndAfter = new Uint8Array(SPLIT);
  let begin = Number.NaN;
  let isInBegin = false;

  function start(next: number): void {
    begin = next;
    const digits = String(next);
    isInBegin = digits.includes(part);
    isInEndAfter.set(isInEnd);
    for (let length = 1; length < part.length; length++) {
      if (!digits.endsWith(part.slice(0, length))) continue;
      for (let end = 0; end < SPLIT; end++) isInEndAfter[end]! |= isContinued[length]![end]!;
    }
  }

  return (id) => {
    if (id < SPLIT) return String(id).includes(part);
    const next = Math.floor(id / SPLIT);
    if (next !== begin) start(next);
    return isInBegin || isInEndAfter[id - next * SPLIT] === 1;
  };
}
