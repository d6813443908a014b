import { type AppError, invalid, quote } from './errors.ts';
import { isIdentity } from './identity.ts';
import { MAX_NODES } from './job.ts';

/** What Slurm prints instead of a list while a job has no nodes, in lower case. */
const NO_NODES: ReadonlySet<string> = new Set(['', 'none assigned', '(null)', 'n/a']);

/** A piece of a name, the content of a pair of brackets, a gap between two names, or an unmatched bracket. */
const PIECE = /([^\t\n\r ,[\]]+)|\[([^[\]]*)\]|([\t\n\r ,]+)|[[\]]/g;
const RANGE = /^(\d+)(?:-(\d+))?$/;

/** A name has at most 256 characters, each at most two UTF-16 units. */
const MAX_NAME_UNITS = 512;
/** A number of this many digits is still an exact integer as a double. */
const MAX_DIGITS = 15;

/**
 * Expands a Slurm node list such as `r[1-2]n[01-10],login1` as `scontrol show hostnames` does: in the same
 * order, with leading zeros and repeats. Names may be separated by white space too, and may continue after
 * their brackets (`n[1-2]-ib`), which Slurm 22.05 refuses. Empty for a text that means no nodes, such as
 * `None assigned`. Throws `validation_error` for an unreadable list, for more than `maxNodes` nodes, and for
 * names that are not valid node names.
 */
export function expandNodes(text: string, maxNodes = MAX_NODES): string[] {
  return expandWithin(text, maxNodes, () => invalidList(text, `has more than ${maxNodes} nodes`));
}

/**
 * Expands several node lists together, each node once, in order. At most `maxNodes` names are expanded,
 * repeats included, so that many short lists cost no more than one long one. Throws `validation_error`.
 */
export function expandLists(lists: readonly string[], maxNodes = MAX_NODES): string[] {
  const nodes = new Set<string>();
  const tooMany = () => invalid(`The node lists have more than ${maxNodes} nodes together.`);
  let room = maxNodes;
  for (const list of lists) {
    const names = expandWithin(list, room, tooMany);
    room -= names.length;
    for (const name of names) nodes.add(name);
  }
  return [...nodes];
}

/** Splits several names or lists at the commas outside of brackets; parts may be empty. */
export function splitLists(text: string): string[] {
  const parts = [''];
  for (const piece of text.match(/\[[^[\]]*\]|,|[^,[]+|\[/g) ?? []) {
    if (piece === ',') parts.push('');
    else parts.push(parts.pop()! + piece);
  }
  return parts;
}

/** Returns whether a text can be a name or a list of names: what is in brackets may be long. */
export const isNodeList = (text: string): boolean => isIdentity(text.replace(/\[[^[\]]*\]/g, '[]'));

/** Expands at most `room` names; throws `tooMany()` before it creates any beyond that. */
function expandWithin(text: string, room: number, tooMany: () => AppError): string[] {
  if (NO_NODES.has(text.trim().toLowerCase())) return [];
  const nodes: string[] = [];
  /** The parts of the current name; every text of a part is combined with every text of the others. */
  let parts: string[][] = [];
  /** Index of the part that came from the last brackets. */
  let brackets = 0;
  /** Number of names that the parts expand to. */
  let count = 1;
  /** Length of the longest of these names, in UTF-16 units. */
  let length = 0;

  function addPart(values: string[]): void {
    length += longest(values).length;
    // Checked for each part, so that a megabyte of short parts is refused after the first few hundred.
    if (length > MAX_NAME_UNITS) throw tooLong(text);
    count *= values.length;
    if (nodes.length + count > room) throw tooMany();
    const last = parts.at(-1);
    // Joined at once: a hundred parts with one text each would otherwise be a hundred passes over all names.
    if (values.length === 1 && last?.length === 1) last[0] += values[0]!;
    else parts.push(values);
  }

  function endName(): void {
    if (parts.length === 0) return;
    // Brackets only add digits, so all names are valid if the longest is.
    if (!isIdentity(parts.map(longest).join(''))) {
      throw tooLong(text);
    }
    for (const name of crossParts(parts, brackets)) nodes.push(name);
    parts = [];
    count = 1;
    length = 0;
  }

  for (const [, piece, list, gap] of text.matchAll(PIECE)) {
    if (piece !== undefined) addPart([piece]);
    else if (list !== undefined) {
      addPart(expandRanges(list, text, room - nodes.length, tooMany));
      brackets = parts.length - 1;
    } else if (gap !== undefined) endName();
    else throw invalidList(text, 'has an unmatched bracket');
  }
  endName();
  return nodes;
}

/**
 * Combines every text of each part with every text of the others. In Slurm's
 * order (`_push_range_list` of its hostlist.c) the part at `brackets`, the
 * last ones, varies fastest, then the first part, the second, and so on.
 */
function crossParts(parts: readonly string[][], brackets: number): string[] {
  return parts.reduce(
    (names, values, at) =>
      at === brackets
        ? pairAll(names, values, (name, value) => name + value)
        : pairAll(values, names, (value, name) => name + value),
    [''],
  );
}

/** Joins every text of `slow` with every text of `fast`, which varies faster. */
function pairAll(
  slow: readonly string[],
  fast: readonly string[],
  join: (slow: string, fast: string) => string,
): string[] {
  const pairs: string[] = [];
  for (const one of slow) for (const other of fast) pairs.push(join(one, other));
  return pairs;
}

const longest = (values: readonly string[]): string =>
  values.reduce((one, other) => (other.length > one.length ? other : one));

/** Expands the content of a pair of brackets, such as `1-3,07`, to at most `room` numbers, as texts. */
function expandRanges(list: string, text: string, room: number, tooMany: () => AppError): string[] {
  const numbers: string[] = [];
  for (const range of list.split(',')) {
    const [, first, last = first] = RANGE.exec(range) ?? [];
    if (first === undefined || last === undefined) {
      throw invalidList(text, `has ${quote(range)} in brackets, which is neither a number nor a range`);
    }
    const count = countNumbers(first, last);
    if (count < 1) {
      const need = `an ascending range of numbers with at most ${MAX_DIGITS} digits`;
      throw invalidList(text, `has ${quote(range)} in brackets, which is not ${need}`);
    }
    if (numbers.length + count > room) throw tooMany();
    numbers.push(first);
    const start = Number(first);
    for (let step = 1; step < count; step++) numbers.push(String(start + step).padStart(first.length, '0'));
  }
  return numbers;
}

/** Counts the numbers of a range; 0 when it runs backwards or its numbers are too long to count. */
function countNumbers(first: string, last: string): number {
  if (first === last) return 1;
  if (Math.max(first.length, last.length) > MAX_DIGITS) return 0;
  return Math.max(0, Number(last) - Number(first) + 1);
}

const tooLong = (text: string) =>
  invalidList(text, 'has a name with more than 256 characters or with control characters');
const invalidList = (text: string, fault: string) => invalid(`The node list ${quote(text)} ${fault}.`);
