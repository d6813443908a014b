import type { SampleColumns } from './readings.ts';
import type { Sample } from './sample.ts';

/** Minimum, mean and maximum of some values. */
export interface Spread {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** Summarizes the samples of a span of time. GPU is absent if no sample has it. */
export interface Point {
  /** Start of the span. */
  readonly timeMs: number;
  readonly samples: number;
  readonly cpuUsage: Spread;
  readonly memoryUsageMb: Spread;
  readonly gpuUsage?: Spread & { readonly samples: number };
}

/** Samples past their retention are replaced by one point for each span of this length. */
export const POINT_SPAN_MS = 15 * 60_000;

/** Returns the points of samples, one for each quarter of an hour, ascending. */
export function summarize(samples: Iterable<Sample>): Point[] {
  const points = new Map<number, Point>();
  for (const sample of samples) {
    const timeMs = Math.floor(sample.timeMs / POINT_SPAN_MS) * POINT_SPAN_MS;
    const point = { ...pointOf(sample), timeMs };
    const known = points.get(timeMs);
    points.set(timeMs, known ? mergePoints(known, point) : point);
  }
  return [...points.values()].sort((one, other) => one.timeMs - other.timeMs);
}

/** Returns a point of one sample. */
function pointOf({ timeMs, cpuUsage, memoryUsageMb, gpuUsage }: Sample): Point {
  const spread = (value: number): Spread => ({ min: value, mean: value, max: value });
  return {
    timeMs,
    samples: 1,
    cpuUsage: spread(cpuUsage),
    memoryUsageMb: spread(memoryUsageMb),
    ...(gpuUsage !== undefined && { gpuUsage: { ...spread(gpuUsage), samples: 1 } }),
  };
}

/** Merges two points of one span; means are weighted by samples. */
function mergePoints(one: Point, other: Point): Point {
  const gpuUsage = mergeGpu(one.gpuUsage, other.gpuUsage);
  return {
    timeMs: Math.min(one.timeMs, other.timeMs),
    samples: one.samples + other.samples,
    cpuUsage: mergeSpreads(one.cpuUsage, one.samples, other.cpuUsage, other.samples),
    memoryUsageMb: mergeSpreads(one.memoryUsageMb, one.samples, other.memoryUsageMb, other.samples),
    ...(gpuUsage && { gpuUsage }),
  };
}

/** Returns all points, ascending; two points of the same span become one. */
export function joinPoints(known: readonly Point[], added: readonly Point[]): Point[] {
  const points = new Map(known.map((point) => [point.timeMs, point]));
  for (const point of added) {
    const same = points.get(point.timeMs);
    points.set(point.timeMs, same ? mergePoints(same, point) : point);
  }
  return [...points.values()].sort((one, other) => one.timeMs - other.timeMs);
}

function mergeGpu(one: Point['gpuUsage'], other: Point['gpuUsage']): Point['gpuUsage'] {
  if (!one || !other) return one ?? other;
  const samples = one.samples + other.samples;
  return { ...mergeSpreads(one, one.samples, other, other.samples), samples };
}

function mergeSpreads(one: Spread, oneSamples: number, other: Spread, otherSamples: number): Spread {
  return {
    min: Math.min(one.min, other.min),
    mean: (one.mean * oneSamples + other.mean * otherSamples) / (oneSamples + otherSamples),
    max: Math.max(one.max, other.max),
  };
}

/** Mean and maximum of a measure over a run, in the unit of `Sample`. */
export interface Load {
  readonly mean: number;
  readonly max: number;
}

/** Summarizes a run on one node, or as a whole. Stored as long as the job. */
export interface UsageSummary {
  readonly samples: number;
  /** Seconds from the first sample to the last. */
  readonly observedSeconds: number;
  readonly cpuUsage?: Load;
  readonly memoryUsageMb?: Load;
  readonly gpuUsage?: Load;
}

/** The running sums of one node, from which its summary follows. A value that was not measured is null. */
export interface UsageTotals {
  readonly samples: number;
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  readonly cpuSum: number;
  readonly cpuMax: number | null;
  readonly memorySum: number;
  readonly memoryMax: number | null;
  readonly gpuSamples: number;
  readonly gpuSum: number;
  readonly gpuMax: number | null;
}

export const NO_TOTALS: UsageTotals = {
  samples: 0,
  oldestMs: null,
  newestMs: null,
  cpuSum: 0,
  cpuMax: null,
  memorySum: 0,
  memoryMax: null,
  gpuSamples: 0,
  gpuSum: 0,
  gpuMax: null,
};

/** Returns the totals after adding samples that ascend in time. */
export function addSamples(
  totals: UsageTotals,
  { count, times, cpu, memory, gpu }: SampleColumns,
): UsageTotals {
  if (count === 0) return totals;
  const [cpuLoad, memoryLoad, gpuLoad] = [loadOf(cpu), loadOf(memory), loadOf(gpu)];
  return {
    samples: totals.samples + count,
    oldestMs: Math.min(totals.oldestMs ?? times[0]!, times[0]!),
    newestMs: Math.max(totals.newestMs ?? times[count - 1]!, times[count - 1]!),
    cpuSum: totals.cpuSum + cpuLoad.sum,
    cpuMax: largest(totals.cpuMax, cpuLoad),
    memorySum: totals.memorySum + memoryLoad.sum,
    memoryMax: largest(totals.memoryMax, memoryLoad),
    gpuSamples: totals.gpuSamples + gpuLoad.count,
    gpuSum: totals.gpuSum + gpuLoad.sum,
    gpuMax: largest(totals.gpuMax, gpuLoad),
  };
}

/** Totals that samples are added to in place. */
export type RunningTotals = { -readonly [Key in keyof UsageTotals]: UsageTotals[Key] };

/**
 * Adds the sample at a place of some columns to totals, as `addSamples` does. In place, because a pass over
 * the samples of a thousand jobs took twice as long with new totals for each.
 */
export function addSample(totals: RunningTotals, { times, cpu, memory, gpu }: LoadColumns, at: number): void {
  const timeMs = times[at]!;
  totals.samples++;
  totals.oldestMs = Math.min(totals.oldestMs ?? timeMs, timeMs);
  totals.newestMs = Math.max(totals.newestMs ?? timeMs, timeMs);
  if (!Number.isNaN(cpu[at]!)) {
    totals.cpuSum += cpu[at]!;
    totals.cpuMax = Math.max(totals.cpuMax ?? 0, cpu[at]!);
  }
  if (!Number.isNaN(memory[at]!)) {
    totals.memorySum += memory[at]!;
    totals.memoryMax = Math.max(totals.memoryMax ?? 0, memory[at]!);
  }
  if (gpu === undefined || Number.isNaN(gpu[at]!)) return;
  totals.gpuSamples++;
  totals.gpuSum += gpu[at]!;
  totals.gpuMax = Math.max(totals.gpuMax ?? 0, gpu[at]!);
}

/** Columns of samples; without `gpu` none has it. */
export interface LoadColumns extends Pick<SampleColumns, 'times' | 'cpu' | 'memory'> {
  readonly gpu?: Float64Array | undefined;
}

/** Returns the totals of two series of one node together. */
export function joinTotals(one: UsageTotals, other: UsageTotals): UsageTotals {
  const smaller = (a: number | null, b: number | null) =>
    a === null || b === null ? (a ?? b) : Math.min(a, b);
  const larger = (a: number | null, b: number | null) =>
    a === null || b === null ? (a ?? b) : Math.max(a, b);
  return {
    samples: one.samples + other.samples,
    oldestMs: smaller(one.oldestMs, other.oldestMs),
    newestMs: larger(one.newestMs, other.newestMs),
    cpuSum: one.cpuSum + other.cpuSum,
    cpuMax: larger(one.cpuMax, other.cpuMax),
    memorySum: one.memorySum + other.memorySum,
    memoryMax: larger(one.memoryMax, other.memoryMax),
    gpuSamples: one.gpuSamples + other.gpuSamples,
    gpuSum: one.gpuSum + other.gpuSum,
    gpuMax: larger(one.gpuMax, other.gpuMax),
  };
}

/** Returns sum, maximum and number of values; NaN does not count. */
function loadOf(values: Float64Array) {
  let [sum, max, count] = [0, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
    if (value > max) max = value;
  }
  return { sum, max, count };
}

const largest = (known: number | null, { max, count }: { max: number; count: number }): number | null =>
  count === 0 ? known : Math.max(known ?? max, max);

/**
 * Summarizes one node by arithmetic means over its samples, rounded to six
 * decimals, as jobstats does (https://github.com/PrincetonUniversity/jobstats).
 */
export function summarizeNode(totals: UsageTotals): UsageSummary {
  const { samples, oldestMs, newestMs, cpuMax, memoryMax, gpuSamples, gpuMax } = totals;
  return {
    samples,
    observedSeconds: oldestMs === null || newestMs === null ? 0 : (newestMs - oldestMs) / 1000,
    ...(cpuMax !== null && { cpuUsage: { mean: round(totals.cpuSum / samples), max: cpuMax } }),
    ...(memoryMax !== null && { memoryUsageMb: { mean: round(totals.memorySum / samples), max: memoryMax } }),
    ...(gpuMax !== null && { gpuUsage: { mean: round(totals.gpuSum / gpuSamples), max: gpuMax } }),
  };
}

/**
 * Summarizes a whole run from its nodes. Means of CPU and GPU are means of the nodes' means, so that every
 * node counts alike however often it reported, and their maxima are the largest of any node. Memory is summed
 * over the nodes; the maxima may be of different moments, so their sum is an upper bound.
 */
export function summarizeJob(
  nodes: readonly UsageTotals[],
  summaries: readonly UsageSummary[] = nodes.map(summarizeNode),
): UsageSummary {
  const oldestMs = nodes.reduce((least, node) => Math.min(least, node.oldestMs ?? least), Infinity);
  const newestMs = nodes.reduce((most, node) => Math.max(most, node.newestMs ?? most), -Infinity);
  const loads = (key: 'cpuUsage' | 'memoryUsageMb' | 'gpuUsage') =>
    summaries.map((summary) => summary[key]).filter((load) => load !== undefined);
  const [cpu, memory, gpu] = [loads('cpuUsage'), loads('memoryUsageMb'), loads('gpuUsage')];
  return {
    samples: nodes.reduce((sum, { samples }) => sum + samples, 0),
    observedSeconds: newestMs < oldestMs ? 0 : (newestMs - oldestMs) / 1000,
    ...(cpu.length > 0 && { cpuUsage: averageLoads(cpu) }),
    ...(memory.length > 0 && {
      memoryUsageMb: {
        mean: round(memory.reduce((sum, { mean }) => sum + mean, 0)),
        max: memory.reduce((sum, { max }) => sum + max, 0),
      },
    }),
    ...(gpu.length > 0 && { gpuUsage: averageLoads(gpu) }),
  };
}

const averageLoads = (loads: readonly Load[]): Load => ({
  mean: round(loads.reduce((sum, { mean }) => sum + mean, 0) / loads.length),
  max: loads.reduce((max, load) => Math.max(max, load.max), 0),
});

const round = (value: number) => Number(value.toFixed(6));
