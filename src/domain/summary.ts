import type { SampleColumns } from './readings.ts';
import type { Sample } from './sample.ts';

/** Smallest, mean and largest of some values. */
export interface Spread {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** What is left of the samples of a span of time. GPU is absent when no sample knew it. */
export interface Point {
  /** Where the span begins. */
  readonly timeMs: number;
  readonly samples: number;
  readonly cpuUsage: Spread;
  readonly memoryUsageMb: Spread;
  readonly gpuUsage?: Spread & { readonly samples: number };
}

/** Raw samples that are too old to keep live on as one point for each span of this length. */
export const POINT_SPAN_MS = 15 * 60_000;

/** The points of a quarter of an hour of some samples, ascending. */
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

/** One sample as a point of its own. */
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

/** Two points of the same span as one; means weigh by their samples. */
export function mergePoints(one: Point, other: Point): Point {
  const gpuUsage = mergeGpu(one.gpuUsage, other.gpuUsage);
  return {
    timeMs: Math.min(one.timeMs, other.timeMs),
    samples: one.samples + other.samples,
    cpuUsage: mergeSpreads(one.cpuUsage, one.samples, other.cpuUsage, other.samples),
    memoryUsageMb: mergeSpreads(one.memoryUsageMb, one.samples, other.memoryUsageMb, other.samples),
    ...(gpuUsage && { gpuUsage }),
  };
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

/** Mean and largest of some values over a life. */
export interface Load {
  readonly mean: number;
  readonly max: number;
}

/** What is for ever known of a job on one node, or as a whole. */
export interface UsageSummary {
  readonly samples: number;
  /** From the first sample to the last. */
  readonly observedSeconds: number;
  readonly cpuUsage?: Load;
  readonly memoryUsageMb?: Load;
  readonly gpuUsage?: Load;
}

/** The running sums of one node, from which its summary follows; a value nobody measured is null. */
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

/** The totals after more samples, ascending in time. */
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

/** Adds up values; NaN is left out. */
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
 * The summary of one node: arithmetic means over its samples (as jobstats does, https://github.com/PrincetonUniversity/jobstats),
 * to six decimals.
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
 * The summary of a whole job from its nodes: means of CPU and GPU are the means of the nodes' means, so that every node
 * counts alike however often it reported; memory means and maxima are sums over the nodes (the maxima may have
 * come at different moments: the sum is what had to be there at most); other maxima are the largest of any node.
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
