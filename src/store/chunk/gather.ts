import type { FurtherColumn } from '../../domain/readings.ts';
import type { ChunkColumns } from './chunk.ts';
import { FurtherGatherer, type RowFurther } from './log-further.ts';
import type { LogColumns } from './log-row.ts';

const FIRST_CAPACITY = 16;
/** Times, CPU, memory and GPU. */
export const DOCUMENTED_COLUMNS = 4;
/** Samples merged between two yields: about two milliseconds. */
const SLICE_SAMPLES = 200_000;

/** The samples of a log row, with those of their further measures that are wanted. */
export interface RowColumns extends LogColumns {
  readonly further?: RowFurther | undefined;
}

/** Collects the samples of one series in the order of arrival, and sorts them by time. */
export class SeriesGatherer {
  #count = 0;
  #times: Float64Array<ArrayBuffer>;
  #cpu: Float64Array<ArrayBuffer>;
  #memory: Float64Array<ArrayBuffer>;
  #gpu: Float64Array<ArrayBuffer>;
  #isAscending = true;
  #further: FurtherGatherer | undefined;

  /** Makes room for `capacity` samples; grows beyond that. */
  constructor(capacity = FIRST_CAPACITY) {
    this.#times = new Float64Array(capacity);
    this.#cpu = new Float64Array(capacity);
    this.#memory = new Float64Array(capacity);
    this.#gpu = new Float64Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** Number of values, times included. */
  get values(): number {
    return this.#count * (DOCUMENTED_COLUMNS + (this.#further?.size ?? 0));
  }

  /** Adds one sample of a log row. */
  add({ times, cpu, memory, gpu, further }: RowColumns, place: number): void {
    const count = this.#count++;
    if (count === this.#times.length) this.#grow();
    const timeMs = times[place]!;
    if (count > 0 && timeMs < this.#times[count - 1]!) this.#isAscending = false;
    this.#times[count] = timeMs;
    this.#cpu[count] = cpu[place]!;
    this.#memory[count] = memory[place]!;
    this.#gpu[count] = gpu ? gpu[place]! : Number.NaN;
    if (!further) return;
    this.#further ??= new FurtherGatherer();
    this.#further.add(further, place, count, this.#times.length);
  }

  #grow(): void {
    const capacity = Math.max(FIRST_CAPACITY, 2 * this.#times.length);
    this.#times = enlarge(this.#times, capacity);
    this.#cpu = enlarge(this.#cpu, capacity);
    this.#memory = enlarge(this.#memory, capacity);
    this.#gpu = enlarge(this.#gpu, capacity);
  }

  /**
   * Returns the samples ascending in time, those of one millisecond in the order of arrival. Yields where it
   * may pause.
   */
  *sorted(): Generator<undefined, ChunkColumns> {
    const count = this.#count;
    const further = this.#further?.take(count, this.#times.length);
    const columns = {
      count,
      times: this.#times.subarray(0, count),
      cpu: this.#cpu.subarray(0, count),
      memory: this.#memory.subarray(0, count),
      gpu: this.#gpu.subarray(0, count),
      ...(further && { further }),
    };
    if (this.#isAscending) return columns;
    const order = yield* orderByTime(columns.times);
    const arrange = (column: Float64Array) => Float64Array.from(order, (place) => column[place]!);
    const times = arrange(columns.times);
    yield;
    const cpu = arrange(columns.cpu);
    yield;
    const memory = arrange(columns.memory);
    yield;
    const gpu = arrange(columns.gpu);
    if (!further) return { count, times, cpu, memory, gpu };
    const arranged: FurtherColumn[] = [];
    for (const { values, ...key } of further) {
      yield;
      arranged.push({ ...key, values: arrange(values) });
    }
    return { count, times, cpu, memory, gpu, further: arranged };
  }
}

function enlarge(column: Float64Array<ArrayBuffer>, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity);
  larger.set(column);
  return larger;
}

/** Returns the places of times in ascending order, stable: a merge sort that can pause. */
function* orderByTime(times: Float64Array): Generator<undefined, Uint32Array> {
  const count = times.length;
  let from = Uint32Array.from({ length: count }, (_, place) => place);
  let to = new Uint32Array(count);
  let merged = 0;
  for (let width = 1; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      mergeStretches(times, from, to, start, width);
      merged += Math.min(2 * width, count - start);
      if (merged < SLICE_SAMPLES) continue;
      merged = 0;
      yield;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Merges the sorted stretches that begin at `start` and `start + width`, each at most `width` long. */
function mergeStretches(
  times: Float64Array,
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  width: number,
): void {
  const middle = Math.min(start + width, from.length);
  const end = Math.min(start + 2 * width, from.length);
  let [left, right] = [start, middle];
  for (let at = start; at < end; at++) {
    const takesLeft = left < middle && (right >= end || times[from[left]!]! <= times[from[right]!]!);
    to[at] = takesLeft ? from[left++]! : from[right++]!;
  }
}
