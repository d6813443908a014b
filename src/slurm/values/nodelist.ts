import { type AppError, invalid, quote } from '../../domain/errors.ts';
import { isIdentity } from '../../domain/identity.ts';
import { MAX_NODES } from '../../domain/job.ts';

/** What Slurm prints in place of a list while a job has no nodes, in lower case. */
const NO_NODES: ReadonlySet<string> = new Set(['', 'none assigned', '(null)', 'n/a']);

/** A piece of text, the inside of a pair of brackets, what parts two names, or else a bracket without its partner. */
const PIECE = /([^\t\n\r ,[\]]+)|\[([^[\]]*)\]|([\t\n\r ,]+)|[[\]]/g;
const RANGE = /^(\d+)(?:-(\d+))?$/;

/** A name has at most 256 characters, each at most two UTF-16 units. */
const MAX_NAME_UNITS = 512;
/** Numbers of so many digits are whole numbers that a double counts without error. */
const MAX_DIGITS = 15;

/**
 * The nodes of a Slurm list such as `r[1-2]n[01-10],login1`, as `scontrol show hostnames` prints them: in its order, zeros
 * kept (the width of a range is that of its first number), repeats kept. Names are parted by commas or white space. A name
 * may go on after its brackets (`n[1-2]-ib`), which Slurm 22.05 refuses. A text that stands for no nodes, such as
 * `None assigned`, gives none. `validation_error` for a list that cannot be read, for one of more than `maxNodes` nodes,
 * and for names that cannot be a node's here.
 */
export function expandNodes(text: string, maxNodes = MAX_NODES): string[] {
  return expandWithin(text, maxNodes, () => refusal(text, `has more than ${maxNodes} nodes`));
}

/** `expandNodes` with room for `room` names; `tooMany` is thrown as soon as there are more, before they are made. */
function expandWithin(text: string, room: number, tooMany: () => AppError): string[] {
  if (NO_NODES.has(text.trim().toLowerCase())) return [];
  const nodes: string[] = [];
  /** The name at hand: each part has one text, or more, of which every one is to be put there. */
  let parts: string[][] = [];
  /** Which part came from the last brackets. */
  let brackets = 0;
  /** How many names the parts give. */
  let count = 1;
  /** Characters of its longest name so far. */
  let length = 0;

  function addPart(values: string[]): void {
    length += longest(values).length;
    // A megabyte of short parts is refused at its first hundreds.
    if (length > MAX_NAME_UNITS) throw tooLong(text);
    count *= values.length;
    if (nodes.length + count > room) throw tooMany();
    const last = parts.at(-1);
    // Joined at once, or a hundred parts of one text each would be a hundred rounds over all names.
    if (values.length === 1 && last?.length === 1) last[0] += values[0]!;
    else parts.push(values);
  }

  function endName(): void {
    if (parts.length === 0) return;
    // Brackets give digits only: when the longest name is an identity, all are.
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
    else throw refusal(text, 'has a bracket without its partner');
  }
  endName();
  return nodes;
}

/**
 * Every text of each part with every text of the others. In Slurm's order (`_push_range_list` of its hostlist.c) the part
 * at `brackets`, the last ones, counts fastest, then the first part, the second, and so on.
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

/** Every text of `slow` with every text of `fast`, which counts faster. */
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

/** The numbers of the inside of a pair of brackets, as texts: `1-3,07`; at most `room` of them. */
function expandRanges(list: string, text: string, room: number, tooMany: () => AppError): string[] {
  const numbers: string[] = [];
  for (const range of list.split(',')) {
    const [, first, last = first] = RANGE.exec(range) ?? [];
    if (first === undefined || last === undefined) {
      throw refusal(text, `has no numbers where it says ${quote(range)}`);
    }
    const count = countNumbers(first, last);
    if (count < 1) throw refusal(text, `has no range of numbers where it says ${quote(range)}`);
    if (numbers.length + count > room) throw tooMany();
    numbers.push(first);
    const start = Number(first);
    for (let step = 1; step < count; step++) numbers.push(String(start + step).padStart(first.length, '0'));
  }
  return numbers;
}

/** How many numbers a range has; 0 when it runs backwards or its numbers are too long to count with. */
function countNumbers(first: string, last: string): number {
  if (first === last) return 1;
  if (Math.max(first.length, last.length) > MAX_DIGITS) return 0;
  return Math.max(0, Number(last) - Number(first) + 1);
}

const tooLong = (text: string) =>
  refusal(text, 'has a name that is longer than 256 characters or has control characters');
const refusal = (text: string, fault: string) => invalid(`The node list ${quote(text)} ${fault}.`);

/**
 * The nodes of several such lists, each node once, in order. At most `maxNodes` names are expanded, repeats included, so that
 * many short lists cost no more than one long one. `validation_error`.
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

/** Neighbours in a list with one name up to their last number, each range as its text. */
interface Group {
  readonly prefix: string;
  readonly ranges: string[];
}

/**
 * A Slurm list of these nodes, as `scontrol show hostlist` writes it: the order is kept, and of neighbours that differ
 * in the number at their end only that number is listed, runs of numbers as a range. No other part of a name comes into
 * brackets, because Slurm 22.05 would refuse the list. `expandNodes` gives the same nodes in the same order, repeats
 * included, as long as no name has a comma, a bracket or white space in it.
 */
export function compressNodes(nodes: readonly string[]): string {
  const texts: string[] = [];
  let group: Group | undefined;
  let first = '';
  let last = '';

  function endRange(): void {
    group?.ranges.push(first === last ? first : `${first}-${last}`);
  }
  function endGroup(): void {
    if (!group) return;
    endRange();
    const { prefix, ranges } = group;
    const isOne = ranges.length === 1 && first === last;
    texts.push(isOne ? prefix + first : `${prefix}[${ranges.join(',')}]`);
    group = undefined;
  }

  for (const node of nodes) {
    const digits = countDigits(node);
    const prefix = node.slice(0, node.length - digits);
    const number = node.slice(node.length - digits);
    if (digits === 0 || digits > MAX_DIGITS) {
      endGroup();
      texts.push(node);
    } else if (group?.prefix !== prefix) {
      endGroup();
      group = { prefix, ranges: [] };
      first = last = number;
    } else if (number === String(Number(last) + 1).padStart(first.length, '0')) {
      last = number;
    } else {
      endRange();
      first = last = number;
    }
  }
  endGroup();
  return texts.join(',');
}

/** How many digits a name ends with. */
function countDigits(name: string): number {
  let at = name.length;
  while (at > 0 && name.charCodeAt(at - 1) >= 48 && name.charCodeAt(at - 1) <= 57) at--;
  return name.length - at;
}
