import type { Database } from 'bun:sqlite';
import type { JobOrder } from '../../../domain/list.ts';
import { FIRST_ENDED, RUNNING, STATE_NUMBERS } from '../../rows/states.ts';
import { blockOf } from '../columns/columns.ts';
import { COLUMNS_THROUGH } from '../columns/keep.ts';
import { type Block, readBlocks } from '../columns/read.ts';
import { type Walk, walksByStart } from './by-index.ts';
import { type ScanPage, scanWalks } from './by-scan.ts';
import type { Wanted } from './filters.ts';
import { bestFound, comparePositions, type Found } from './found.ts';
import { conditionsOf, newPlaces, type Places, placeJobs, sortValuesOf } from './match.ts';

/** Changed jobs that are read in one statement. */
const DUE_AT_ONCE = 200;

/**
 * Finds the first matches of any list: ended jobs by their columns, 10 ns a job, and those that have not
 * ended, are new, or changed after their block was built by their rows. Yields after each block and slice.
 */
export function* scanColumns(
  db: Database,
  wanted: Wanted,
  page: ScanPage,
): Generator<undefined, { found: Found[]; total: number }> {
  const best = bestFound(page);
  const through = selectThrough(db);
  const due = selectDue(db);
  let total = 0;
  for (const part of restOf(wanted, through, due))
    total += yield* scanWalks(db, part.walks, part.wanted, page, { best, isInOrder: false });

  const conditions = conditionsOf(wanted);
  const places = newPlaces();
  const changed = Map.groupBy(due, blockOf);
  const isNeeded = wanted.states?.some((state) => state >= FIRST_ENDED) ?? true;
  // Ties are in the order of ids, which mostly ascend with the numbers of jobs.
  const isAscending = page.order.isAscending || !['startTime', 'endTime'].includes(page.order.sort);
  for (const block of isNeeded ? readBlocks(db, isAscending) : []) {
    placeJobs(block, changed.get(blockOf(block.firstSeq)) ?? [], places);
    for (const keep of conditions) if (places.count > 0) keep(block, places);
    total += places.count;
    if (places.count > 0) best.add(findIn(block, places, wanted.nowMs, page, best.worst()));
    yield;
  }
  return { found: best.all(), total };
}

const selectThrough = (db: Database): number =>
  db.query<{ value: number }, [string]>('SELECT value FROM counter WHERE name = ?').get(COLUMNS_THROUGH)!
    .value;

const selectDue = (db: Database): number[] =>
  (db.query<unknown, []>('SELECT seq FROM job_column_due ORDER BY seq').values() as number[][]).map(
    ([seq]) => seq!,
  );

/** Returns the walks through all jobs that no block has, each with the filter of its jobs. */
function restOf(wanted: Wanted, through: number, due: readonly number[]) {
  const { nodes, states = STATE_NUMBERS, ...others } = wanted;
  // As walks go through other indexes than that of nodes, it is a condition like any other.
  const filter: Wanted = { ...others, ...(nodes && { manyNodes: bytesOf(nodes) }) };
  // What waits is not judged.
  const isOfJudged = wanted.findings !== undefined || wanted.severities !== undefined;
  const live = states.filter((state) => state < FIRST_ENDED && (state === RUNNING || !isOfJudged));
  const ended = states.filter((state) => state >= FIRST_ENDED);
  const byNumber = (lowest: number): Walk => ({
    table: 'job',
    index: undefined,
    key: 'seq',
    equals: {},
    lowest,
  });
  const parts: { walks: Walk[]; wanted: Wanted }[] = [];
  if (live.length > 0) {
    const walks = walksByStart({ nowMs: wanted.nowMs, states: live });
    parts.push({ walks, wanted: { ...filter, states: live } });
  }
  if (ended.length === 0) return parts;
  parts.push({ walks: [byNumber(through + 1)], wanted: { ...filter, states: ended } });
  const isWanted = wanted.only && new Set(wanted.only.seqs);
  const wantedDue = isWanted ? due.filter((seq) => isWanted.has(seq)) : due;
  for (let at = 0; at < wantedDue.length; at += DUE_AT_ONCE) {
    const seqs = wantedDue.slice(at, at + DUE_AT_ONCE);
    const only = { seqs, lowMs: seqs[0]!, highMs: seqs.at(-1)! };
    parts.push({ walks: [byNumber(seqs[0]!)], wanted: { ...filter, states: ended, only } });
  }
  return parts;
}

function bytesOf(nodes: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.max(...nodes) + 1);
  for (const node of nodes) bytes[node] = 1;
  return bytes;
}

/** Returns the matches of a block that come after the page's start and before the worst one kept. */
function findIn(
  block: Block,
  { at, count }: Places,
  nowMs: number,
  page: ScanPage,
  worst: Found | undefined,
): Found[] {
  if (worst && isBeyondAll(block, page.order, worst)) return [];
  const values = sortValuesOf(block, page.order.sort, nowMs);
  const { low, high, isTieWanted, sign } = boundsOf(block, page, worst);
  const isWanted = pageTest(page, worst);
  const found: Found[] = [];
  for (let index = 0; index < count; index++) {
    const place = at[index]!;
    const value = values[place]!;
    const rank = Number.isNaN(value) ? Infinity : sign * value;
    // Most jobs end here, before their ids are read.
    if (rank < low || rank > high || (rank === high && !isTieWanted)) continue;
    const id = block.idAt(place);
    const one = { seq: block.firstSeq + place, id, value: Number.isNaN(value) ? null : value };
    if (isWanted(one)) found.push(one);
  }
  return found;
}

/** Returns the bounds of values, times `sign` so that they ascend in the list; Infinity is no value. */
function boundsOf(block: Block, { order, after, pastMs }: ScanPage, worst: Found | undefined) {
  const sign = order.isAscending ? 1 : -1;
  const rankOf = (value: number | null) => (value === null ? Infinity : sign * value);
  const start = after ? after.value : pastMs;
  return {
    sign,
    low: start === undefined ? -Infinity : rankOf(start),
    high: worst ? rankOf(worst.value) : Infinity,
    isTieWanted: !worst || comparePositions(order)({ value: worst.value, id: block.firstId() }, worst) < 0,
  };
}

/** Returns whether a match comes after the page's start and before the worst one kept. */
function pageTest({ order, after, pastMs }: ScanPage, worst: Found | undefined): (one: Found) => boolean {
  const compare = comparePositions(order);
  return (one) =>
    !(after && compare(one, after) <= 0) &&
    !(worst && compare(one, worst) >= 0) &&
    !(pastMs !== undefined && one.value === pastMs);
}

/** The columns whose least and largest number tell whether a block has anything for a page. */
const PLAIN_SORTS = {
  startTime: 'start',
  endTime: 'end',
  cpus: 'cpus',
  gpus: 'gpus',
  gpuUsage: 'gpuUsage',
  cpuUsage: 'cpuUsage',
  memoryUsage: 'memoryUsage',
  runtime: undefined,
  wait: undefined,
  nodes: undefined,
} as const;

/** Whether all jobs of a block come after one that is kept. */
function isBeyondAll(block: Block, { sort, isAscending }: JobOrder, worst: Found): boolean {
  const part = PLAIN_SORTS[sort];
  if (part === undefined || worst.value === null) return false;
  const { low, high } = block.span(part);
  const isZeroIfNone = sort === 'cpuUsage' || sort === 'memoryUsage';
  if (Number.isNaN(low)) return !isZeroIfNone || (isAscending ? worst.value < 0 : worst.value > 0);
  if (isAscending) return (isZeroIfNone ? Math.min(low, 0) : low) > worst.value;
  return (isZeroIfNone ? Math.max(high, 0) : high) < worst.value;
}
