import type { FilterDetail } from '../../../domain/detail.ts';
import type { JobFigure, JobSort, Range } from '../../../domain/list.ts';
import { BLOCK_JOBS, type NumberPart, type TextPart } from '../columns/columns.ts';
import type { NumberLists } from '../columns/pack.ts';
import type { Block } from '../columns/read.ts';
import type { Wanted, WantedDetail } from './filters.ts';
import { idPartFinder } from './id-part.ts';

/** Places of jobs in a block, ascending: the first `count` count. */
export interface Places {
  readonly at: Uint16Array;
  count: number;
}

/** Keeps those places whose jobs fulfil a condition. */
type Condition = (block: Block, places: Places) => void;

export const newPlaces = (): Places => ({ at: new Uint16Array(BLOCK_JOBS), count: 0 });

/** Sets the places of all jobs of a block, except those with the numbers `left`. */
export function placeJobs(block: Block, left: readonly number[], places: Places): void {
  const states = block.numbers('state');
  let count = 0;
  for (let at = 0; at < states.length; at++) if (states[at]! >= 0) places.at[count++] = at;
  places.count = count;
  if (left.length === 0) return;
  const isLeft = new Set(left);
  keepIf(places, (place) => !isLeft.has(block.firstSeq + place));
}

/** Returns the conditions of a filter, for ended jobs, as `lifeTerms` and `walkSource` write them in SQL. */
export function conditionsOf(wanted: Wanted): Condition[] {
  const { states, users, nodes, manyNodes, sinceMs, untilMs, ranges = {}, details = [], nowMs } = wanted;
  const { findings, severities, text, only, seen } = wanted;
  const conditions: (Condition | undefined)[] = [
    states && isMember('state', states),
    users && isMember('user', users),
    // All of these jobs have an end.
    sinceMs === undefined ? undefined : isBetween('end', { min: sinceMs }),
    untilMs === undefined ? undefined : isBetween('start', { max: untilMs }),
    ...details.map(isOfDetail),
    ...Object.entries(ranges).map(([figure, range]) => isInRange(figure as JobFigure, range, nowMs)),
    severities && hasOneOf('severities', tableOf(severities)),
    findings && hasOneOf('findings', tableOf(findings)),
    nodes && hasOneOf('nodes', tableOf(nodes)),
    manyNodes && hasOneOf('nodes', manyNodes),
    text && isOfText(text),
    seen && isSeenBy(seen),
    only && isOneOf(new Set(only.seqs)),
  ];
  return conditions.filter((condition) => condition !== undefined);
}

/** Returns a byte for each number up to the largest one, 1 if it is among them. */
function tableOf(values: readonly number[]): Uint8Array {
  const table = new Uint8Array(Math.max(-1, ...values) + 1);
  for (const value of values) table[value] = 1;
  return table;
}

// An integer below the length, which NaN is not: any other index takes ten times as long.
const has = (table: Uint8Array, value: number): boolean => value < table.length && table[value | 0] === 1;

function keepMembers(values: Float64Array, table: Uint8Array, places: Places): void {
  const { at, count } = places;
  let kept = 0;
  for (let index = 0; index < count; index++) {
    const place = at[index]!;
    const value = values[place]!;
    if (has(table, value)) at[kept++] = place;
  }
  places.count = kept;
}

function keepBetween(values: Float64Array, min: number, max: number, places: Places): void {
  const { at, count } = places;
  let kept = 0;
  for (let index = 0; index < count; index++) {
    const place = at[index]!;
    const value = values[place]!;
    if (value >= min && value <= max) at[kept++] = place;
  }
  places.count = kept;
}

function keepMarked(marks: Uint8Array, places: Places): void {
  const { at, count } = places;
  let kept = 0;
  for (let index = 0; index < count; index++) {
    const place = at[index]!;
    if (marks[place] === 1) at[kept++] = place;
  }
  places.count = kept;
}

function keepIf(places: Places, isKept: (place: number) => boolean): void {
  const { at, count } = places;
  let kept = 0;
  for (let index = 0; index < count; index++) if (isKept(at[index]!)) at[kept++] = at[index]!;
  places.count = kept;
}

function isMember(part: NumberPart, wanted: readonly number[]): Condition {
  const table = tableOf(wanted);
  return (block, places) => keepMembers(block.numbers(part), table, places);
}

function isBetween(part: NumberPart, { min = -Infinity, max = Infinity }: Range): Condition {
  return (block, places) => {
    const { low, high } = block.span(part);
    if (!(low <= max && high >= min)) places.count = 0;
    else keepBetween(block.numbers(part), min, max, places);
  };
}

/** The columns that a range compares as they are stored. */
const PLAIN_FIGURES: Partial<Record<JobFigure, NumberPart>> = {
  cpus: 'cpus',
  gpus: 'gpus',
  cpuUsage: 'cpuUsage',
  memoryUsage: 'memoryUsage',
  gpuUsage: 'gpuUsage',
};

function isInRange(figure: JobFigure, { min, max }: Range, nowMs: number): Condition | undefined {
  if (min === undefined && max === undefined) return undefined;
  const plain = PLAIN_FIGURES[figure];
  if (plain)
    return isBetween(plain, { ...(min !== undefined && { min }), ...(max !== undefined && { max }) });
  return (block, places) =>
    keepBetween(figureOf(block, figure, nowMs), min ?? -Infinity, max ?? Infinity, places);
}

/** Returns a figure of the jobs of a block, as `figureOf` in jobs/figures.ts does of one; NaN for none. */
function figureOf(block: Block, figure: JobFigure, nowMs: number): Float64Array {
  switch (figure) {
    case 'runtime':
      return runtimesOf(block, nowMs);
    case 'wait':
      return waitsOf(block, nowMs);
    case 'nodes':
      return nodesOf(block);
    case 'memoryPercent':
      return memoryPercentsOf(block);
    default:
      return block.numbers(figure);
  }
}

// Loops, because a function for each job would take ten times as long. They fill one array for all blocks,
// because new arrays would take as long as the loops.
const scratch = new Float64Array(BLOCK_JOBS);

function runtimesOf(block: Block, nowMs: number): Float64Array {
  const [start, end] = [block.numbers('start'), block.numbers('end')];
  const [started, suspended] = [block.numbers('started'), block.numbers('suspended')];
  const runtimes = scratch;
  for (let at = 0; at < BLOCK_JOBS; at++) {
    const ranMs = Math.min(end[at]!, nowMs) - start[at]! - 1000 * suspended[at]!;
    runtimes[at] = started[at] === 1 ? Math.max(0, ranMs) : Number.NaN;
  }
  return runtimes;
}

function waitsOf(block: Block, nowMs: number): Float64Array {
  const [start, end] = [block.numbers('start'), block.numbers('end')];
  const [started, submit] = [block.numbers('started'), block.numbers('submit')];
  const waits = scratch;
  for (let at = 0; at < BLOCK_JOBS; at++) {
    const untilMs = started[at] === 1 ? start[at]! : end[at]!;
    waits[at] = Math.max(0, Math.min(untilMs, nowMs) - submit[at]!);
  }
  return waits;
}

function nodesOf(block: Block): Float64Array {
  const counts = block.lists('nodes')?.counts ?? new Float64Array(BLOCK_JOBS);
  for (let at = 0; at < BLOCK_JOBS; at++) if (counts[at] === 0) counts[at] = Number.NaN;
  return counts;
}

function memoryPercentsOf(block: Block): Float64Array {
  const [memory, limit] = [block.numbers('memoryUsage'), block.numbers('memoryLimit')];
  const percents = scratch;
  for (let at = 0; at < BLOCK_JOBS; at++)
    percents[at] = limit[at] === 0 ? Number.NaN : (100 * memory[at]!) / limit[at]!;
  return percents;
}

/** Returns the values that the jobs of a block are sorted by (domain `JOB_SORTS`); NaN for none. */
export function sortValuesOf(block: Block, sort: JobSort, nowMs: number): Float64Array {
  if (sort === 'startTime') return block.numbers('start');
  if (sort === 'endTime') return block.numbers('end');
  const values = figureOf(block, sort, nowMs);
  if (sort !== 'cpuUsage' && sort !== 'memoryUsage') return values;
  for (let at = 0; at < BLOCK_JOBS; at++) scratch[at] = values[at]! || 0;
  return scratch;
}

const LABELS: Partial<Record<FilterDetail, NumberPart>> = {
  account: 'account',
  partition: 'partition',
  qos: 'qos',
  cluster: 'cluster',
};

function isOfDetail({ key, values, patterns, isCaseless }: WantedDetail): Condition {
  const label = LABELS[key];
  if (label) return isMember(label, values as readonly number[]);
  const whole = new Set(values);
  const globs = patterns.map(globOf);
  const fold = isCaseless ? lowerAscii : (text: string) => text;
  const isWord = (word: string) => whole.has(word) || globs.some((glob) => glob.test(word));
  return keepWords(key as TextPart, (word) => isWord(fold(word)));
}

/** Keeps jobs whose text is one of the words. Each different text of a block is looked at once. */
function keepWords(part: TextPart, isWanted: (word: string) => boolean): Condition {
  return (block, places) => {
    const texts = block.texts(part);
    if (!texts) places.count = 0;
    else
      keepMembers(
        texts.places,
        Uint8Array.from(texts.words, (word) => Number(isWanted(word))),
        places,
      );
  };
}

/** Returns the expression for a pattern of GLOB that has only `*` and single characters in brackets. */
function globOf(pattern: string): RegExp {
  const parts = pattern.match(/\*|\[.\]|[^*]/gsu) ?? [];
  const texts = parts.map((part) =>
    part === '*' ? '.*' : RegExp.escape(part.length === 3 ? part[1]! : part),
  );
  return new RegExp(`^${texts.join('')}$`, 'su');
}

const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

function hasOneOf(part: 'nodes' | 'findings' | 'severities', table: Uint8Array): Condition {
  const isOf = new Uint8Array(BLOCK_JOBS);
  return (block, places) => {
    const lists = block.lists(part);
    if (lists) {
      markOwners(lists, table, isOf);
      keepMarked(isOf, places);
    } else places.count = 0;
  };
}

/** Marks the jobs that have a number of the table in their lists. */
function markOwners({ counts, values }: NumberLists, table: Uint8Array, isOf: Uint8Array): void {
  let next = 0;
  for (let at = 0; at < counts.length; at++) {
    const end = next + counts[at]!;
    let found = 0;
    for (; next < end; next++) {
      const value = values[next]!;
      if (value < table.length) found |= table[value | 0]!;
    }
    isOf[at] = found;
  }
}

function isOfText({ part, users }: NonNullable<Wanted['text']>): Condition {
  const table = tableOf(users);
  const wanted = lowerAscii(part);
  const isInId = /^\d+$/.test(part) ? idPartFinder(part) : undefined;
  return (block, places) => {
    const owners = block.numbers('user');
    const texts = block.texts('id');
    if (texts) {
      const words = Uint8Array.from(texts.words, (word) => Number(lowerAscii(word).includes(wanted)));
      keepIf(places, (place) => has(table, owners[place]!) || has(words, texts.places[place]!));
    } else if (isInId) {
      const ids = block.numbers('idNumber');
      keepIf(places, (place) => has(table, owners[place]!) || isInId(ids[place]!));
    } else keepMembers(owners, table, places);
  };
}

function isSeenBy({ users, accounts }: NonNullable<Wanted['seen']>): Condition {
  const [ofUsers, ofAccounts] = [tableOf(users), tableOf(accounts)];
  return (block, places) => {
    const [owners, labels] = [block.numbers('user'), block.numbers('account')];
    keepIf(places, (place) => has(ofUsers, owners[place]!) || has(ofAccounts, labels[place]!));
  };
}

function isOneOf(seqs: ReadonlySet<number>): Condition {
  return (block, places) => keepIf(places, (place) => seqs.has(block.firstSeq + place));
}
