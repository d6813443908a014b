/** Maximum number of typing errors in a suggestion. */
const MAX_SLIPS = 2;

/** Returns the choice that a mistyped word most likely means; undefined if none is close. */
export function findLikely(word: string, choices: readonly string[]): string | undefined {
  if (word === '' || word.length > 40) return undefined;
  const ranked = choices
    .map((choice) => ({ choice, slips: countSlips(word.toLowerCase(), choice.toLowerCase()) }))
    .filter(({ choice, slips }) => slips <= Math.min(MAX_SLIPS, Math.floor(choice.length / 2)))
    .sort((a, b) => a.slips - b.slips);
  return ranked[0]?.choice;
}

/**
 * Counts the letters to add, leave out, change or swap with a neighbour (optimal string alignment distance).
 */
function countSlips(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      rows[row]!.push(
        Math.min(
          rows[row - 1]![column]! + 1,
          rows[row]![column - 1]! + 1,
          rows[row - 1]![column - 1]! + Number(!isSame),
          isSwap ? rows[row - 2]![column - 2]! + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return rows[from.length]![to.length]!;
}
