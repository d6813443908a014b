import {
  copyRows,
  keepReadings,
  makeReadings,
  type NodeReadings,
  orderRows,
  placeOf,
  type ReadingLabels,
  type Readings,
  sliceReadings,
  turnAround,
} from '../../domain/readings.ts';
import { placesInOrder } from './order.ts';
import { arrivalOf, type Piece } from './piece.ts';

/** Approximate rows of one batch; a batch takes about a millisecond. */
const BATCH_ROWS = 8192;
/**
 * Approximate rows in memory at once: 4 to 8 MB. Four times as many would read a big job in 80 % of the time
 * but, with garbage that is not collected yet, take 470 MB instead of 320 MB. The first block is smaller, for
 * readers who want little.
 */
const FIRST_BLOCK_ROWS = 65_536;
const MAX_BLOCK_ROWS = 131_072;
/** Values of further measures in memory at once. */
const MAX_BLOCK_VALUES = 1_048_576;

/** Readings with their times negated where the newest come first, so that times always ascend. */
interface Clip {
  readings: NodeReadings;
  readonly node: number;
  /** The first row that has not been emitted. */
  next: number;
}

const withTimesNegated = (batch: Batch): Batch => ({ ...batch, times: batch.times.map((timeMs) => -timeMs) });

interface Waiting {
  readonly piece: Piece;
  /** Its index among all pieces. */
  readonly rank: number;
  readonly beginMs: number;
  readonly endMs: number;
}

interface MergeOptions extends ReadingLabels {
  readonly order: 'asc' | 'desc';
  /** Rows after which the merge ends; unlimited if omitted. */
  readonly limit?: number;
  /** Further columns of each piece. */
  readonly further?: number;
}

/**
 * Merges pieces by time, a batch at a time. Readings of the same time are in the
 * order of the pieces, reversed if `order` is 'desc'. Memory is bounded however
 * many pieces overlap: time is cut into blocks of some hundred thousand rows, and
 * each block reads the pieces that overlap it. Yields undefined where it may pause.
 */
export function* mergePieces(
  pieces: readonly Piece[],
  { order, limit = Number.POSITIVE_INFINITY, further = 0, ...labels }: MergeOptions,
): Generator<Readings | undefined, void> {
  const mostRows = Math.min(MAX_BLOCK_ROWS, Math.ceil(MAX_BLOCK_VALUES / further));
  let waiting = sortByBegin(pieces, order, limit);
  let afterMs = Number.NEGATIVE_INFINITY;
  let left = limit;
  for (
    let rows = Math.min(FIRST_BLOCK_ROWS, mostRows);
    waiting.length > 0 && left > 0;
    rows = Math.min(2 * rows, mostRows)
  ) {
    const block = yield* readBlock(waiting, { order, afterMs, rows: Math.min(rows, left) });
    for (const batch of mergeClips(block.clips)) {
      yield;
      const part = batch.count > left ? sliceBatch(batch, 0, left) : batch;
      left -= part.count;
      yield { ...(order === 'asc' ? part : withTimesNegated(part)), ...labels };
      if (left === 0) return;
    }
    afterMs = block.endMs;
    waiting = waiting.filter(({ endMs }) => endMs > afterMs);
  }
}

/**
 * Sorts pieces by the time at which they begin, and keeps the first `limit`: each of them has a row that
 * comes before all rows of later pieces, so later pieces are not needed.
 */
function sortByBegin(pieces: readonly Piece[], order: 'asc' | 'desc', limit: number): Waiting[] {
  const isUp = order === 'asc';
  const waiting = (isUp ? pieces : pieces.toReversed()).map(
    (piece, rank): Waiting => ({
      piece,
      rank,
      beginMs: isUp ? piece.startMs : -piece.endMs,
      endMs: isUp ? piece.endMs : -piece.startMs,
    }),
  );
  waiting.sort((one, other) => one.beginMs - other.beginMs);
  return waiting.length > limit ? waiting.slice(0, limit) : waiting;
}

interface BlockOptions {
  readonly order: 'asc' | 'desc';
  /** Rows up to this time have been emitted. */
  readonly afterMs: number;
  /** Approximate number of rows wanted. */
  readonly rows: number;
}

/**
 * Reads all rows after `afterMs` up to some time: at least
 * `rows`, or all that are left, and at most twice as many.
 */
function* readBlock(
  waiting: readonly Waiting[],
  { order, afterMs, rows }: BlockOptions,
): Generator<undefined, { clips: Clip[]; endMs: number }> {
  let clips: { readings: NodeReadings; node: number; rank: number }[] = [];
  let endMs = Number.POSITIVE_INFINITY;
  let found = 0;
  for (const { piece, rank, beginMs } of waiting) {
    if (beginMs > endMs) break;
    yield* arrivalOf(piece);
    const readings =
      order === 'asc'
        ? piece.open({ fromMs: afterMs + 1, toMs: endMs })
        : turnAround(piece.open({ fromMs: -endMs, toMs: -afterMs - 1 }));
    yield;
    if (readings.count === 0) continue;
    const part = cutTimes(readings, afterMs, endMs);
    if (part.count === 0) continue;
    clips.push({ readings: part, node: piece.node, rank });
    found += part.count;
    if (found <= 2 * rows) continue;
    endMs = timeOfRow(clips, rows);
    clips = yield* cutClips(clips, afterMs, endMs);
    found = clips.reduce((sum, clip) => sum + clip.readings.count, 0);
  }
  clips.sort((one, other) => one.rank - other.rank);
  return { clips: clips.map(({ readings, node }) => ({ readings, node, next: 0 })), endMs };
}

/** Clips that are cut between two pauses: about a millisecond with ten columns. */
const CLIPS_AT_ONCE = 128;

/** Cuts clips, and drops those in which nothing is left. */
function* cutClips<Cut extends { readonly readings: NodeReadings }>(
  clips: readonly Cut[],
  afterMs: number,
  endMs: number,
): Generator<undefined, Cut[]> {
  const cut: Cut[] = [];
  for (const [place, clip] of clips.entries()) {
    const readings = cutTimes(clip.readings, afterMs, endMs);
    if (readings.count > 0) cut.push({ ...clip, readings });
    if (place % CLIPS_AT_ONCE === 0) yield;
  }
  return cut;
}

/** Returns the rows after `afterMs` up to `endMs`. Copies a small part, so that the rest can be freed. */
function cutTimes(readings: NodeReadings, afterMs: number, endMs: number): NodeReadings {
  const { times, count } = readings;
  const start = times[0]! > afterMs ? 0 : placeAfter(times, afterMs);
  const end = times[count - 1]! <= endMs ? count : placeAfter(times, endMs);
  if (start === 0 && end === count) return readings;
  const isSmall = (end - start) * 8 < times.buffer.byteLength / 2;
  return isSmall ? keepReadings(readings, start, end) : sliceReadings(readings, start, end);
}

const placeAfter = (times: Float64Array, timeMs: number) => placeOf(times, timeMs + 1);

/** Returns the earliest time up to which there are at least `rows` rows. */
function timeOfRow(clips: readonly { readings: NodeReadings }[], rows: number): number {
  let low = clips.reduce((least, { readings }) => Math.min(least, readings.times[0]!), Infinity);
  let high = clips.reduce((most, { readings }) => Math.max(most, readings.times.at(-1)!), -Infinity);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = clips.reduce((sum, { readings }) => sum + placeAfter(readings.times, middle), 0);
    if (found >= rows) high = middle;
    else low = middle + 1;
  }
  return low;
}

type Batch = Omit<Readings, keyof ReadingLabels>;

const sliceBatch = (batch: Batch, start: number, end: number): Batch => ({
  ...sliceReadings(batch, start, end),
  nodes: batch.nodes.subarray(start, end),
});

function* mergeClips(clips: readonly Clip[]): Generator<Batch, void> {
  if (clips.length === 1) {
    yield* cutBatches(clips[0]!);
    return;
  }
  let left = clips.reduce((sum, { readings }) => sum + readings.count, 0);
  let open = [...clips];
  const lastMs = clips.reduce((most, { readings }) => Math.max(most, readings.times.at(-1)!), -Infinity);
  while (left > 0) {
    const fromMs = open.reduce(
      (least, { readings, next }) => Math.min(least, readings.times[next]!),
      Infinity,
    );
    const { untilMs, rows } = chooseWindow(open, { fromMs, lastMs, left });
    yield gatherRows(open, { fromMs, untilMs, rows });
    left -= rows;
    open = open.filter(({ readings, next }) => next < readings.count);
  }
}

function* cutBatches({ readings, node }: Clip): Generator<Batch, void> {
  for (let start = 0; start < readings.count; start += BATCH_ROWS) {
    const part = sliceReadings(readings, start, Math.min(readings.count, start + BATCH_ROWS));
    const nodes = new Uint32Array(part.count);
    labelRows(nodes, 0, { readings: part, node, next: 0 }, part.count);
    yield { ...part, nodes };
  }
}

/** Writes the labels of the rows of a clip up to `end` (exclusive) from `at` on. */
function labelRows(nodes: Uint32Array, at: number, { readings, node, next }: Clip, end: number): void {
  const { labels } = readings;
  if (!labels) nodes.fill(node, at, at + end - next);
  else for (let i = next; i < end; i++) nodes[at + i - next] = labels[i]!;
}

interface WindowOptions {
  readonly fromMs: number;
  readonly lastMs: number;
  /** Rows that have not been emitted. */
  readonly left: number;
}

/**
 * Chooses a span of time with about BATCH_ROWS rows: guesses
 * it from the mean density, then widens or narrows it.
 */
function chooseWindow(clips: readonly Clip[], { fromMs, lastMs, left }: WindowOptions) {
  const rowsUntil = (timeMs: number) => clips.reduce((sum, clip) => sum + endOf(clip, timeMs) - clip.next, 0);
  let low = fromMs - 1;
  let untilMs = Math.min(lastMs, fromMs + Math.floor(((lastMs - fromMs) * BATCH_ROWS) / left));
  let rows = rowsUntil(untilMs);
  while (rows < BATCH_ROWS / 4 && untilMs < lastMs) {
    low = untilMs;
    untilMs = Math.min(lastMs, untilMs + 2 * (untilMs - fromMs) + 1);
    rows = rowsUntil(untilMs);
  }
  while (rows > 2 * BATCH_ROWS && untilMs - low > 1) {
    const middle = Math.floor((low + untilMs) / 2);
    const fewer = rowsUntil(middle);
    if (fewer < BATCH_ROWS / 4) low = middle;
    else [untilMs, rows] = [middle, fewer];
  }
  return { untilMs, rows };
}

/** Returns the first row after `timeMs`, searching outwards from the next row. */
function endOf({ readings: { times, count }, next }: Clip, timeMs: number): number {
  let step = 1;
  while (next + step <= count && times[next + step - 1]! <= timeMs) step *= 2;
  let low = next + (step >> 1);
  let high = Math.min(count, next + step - 1);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Removes all rows up to a time from the clips and returns them in order. */
function gatherRows(
  clips: readonly Clip[],
  { fromMs, untilMs, rows }: { fromMs: number; untilMs: number; rows: number },
): Batch {
  const found = makeReadings(
    rows,
    clips.map(({ readings }) => readings),
  );
  let at = 0;
  const starts: number[] = [];
  for (const clip of clips) {
    const end = endOf(clip, untilMs);
    if (end === clip.next) continue;
    starts.push(at);
    copyRows(found, at, clip.readings, { start: clip.next, end });
    labelRows(found.nodes, at, clip, end);
    at += end - clip.next;
    clip.next = end;
  }
  const places = placesInOrder(found.times, starts, { fromMs, untilMs });
  return places ? orderRows(found, places) : found;
}
