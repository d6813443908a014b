import { MERGED_DETAILS } from '../../../domain/detail.ts';
import type { Field, Ranks } from '../../../domain/run.ts';

/** The letter of each field on disk. Letters are never given again: a field that goes takes its letter with it. */
const LETTERS: ReadonlyMap<Field, string> = new Map<Field, string>([
  ['user', 'u'],
  ['nodes', 'n'],
  ['startTimeMs', 'b'],
  ...MERGED_DETAILS.map(({ key, letter }) => [key, letter] as const),
]);
const FIELDS = new Map([...LETTERS].map(([field, letter]) => [letter, field]));
/** Versions up to 6 of the database had a digit for each of these fields, in this order. */
const OLD_FIELDS = 'unbjapqcstxmgwikr';
/** Most jobs have one of a few texts. */
const MAX_KNOWN = 1000;

/** The ranks as text: each rank, and behind it the letters of the fields that have it, such as `3un5bs`. */
export function writeRanks(ranks: Ranks): string {
  const byRank = new Map<number, string>();
  for (const [field, rank] of Object.entries(ranks) as [Field, number][]) {
    byRank.set(rank, (byRank.get(rank) ?? '') + LETTERS.get(field));
  }
  return [...byRank]
    .sort(([one], [other]) => one - other)
    .map(([rank, letters]) => `${rank}${letters}`)
    .join('');
}

const known = new Map<string, Ranks>();

/** Reads what `writeRanks` wrote, or an older version; what it does not know is left out. */
export function readRanks(text: string): Ranks {
  const ranks = known.get(text) ?? parseRanks(text);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, ranks);
  return ranks;
}

function parseRanks(text: string): Ranks {
  const isOld = /^\d+$/.test(text);
  const pairs = isOld ? [...text].map((digit, at) => [OLD_FIELDS[at]!, digit] as const) : pairsOf(text);
  return Object.fromEntries(
    pairs.flatMap(([letter, digit]) => {
      const field = FIELDS.get(letter);
      return field === undefined || digit === '0' ? [] : [[field, Number(digit)]];
    }),
  );
}

const pairsOf = (text: string) =>
  [...text.matchAll(/(\d)(\D+)/g)].flatMap(([, digit, letters]) =>
    [...letters!].map((letter) => [letter, digit!] as const),
  );
