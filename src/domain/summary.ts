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

/**
 * Collects samples, and points of earlier collecting, into points of `spanMs`; every span starts at a multiple of `spanMs`
 * after `originMs`. Spans without samples have no point. Means are arithmetic means over the samples.
 */
export function pointCollector(spanMs = POINT_SPAN_MS, originMs = 0) {
  const points = new Map<number, Point>();
  return {
    add(entry: Sample & { readonly point?: Point }): void {
      const timeMs = originMs + Math.floor((entry.timeMs - originMs) / spanMs) * spanMs;
      const point = { ...(entry.point ?? pointOf(entry)), timeMs };
      const known = points.get(timeMs);
      points.set(timeMs, known ? mergePoints(known, point) : point);
    },
    /** Ascending. */
    points: (): Point[] => [...points.values()].sort((one, other) => one.timeMs - other.timeMs),
  };
}

/** The points of a quarter of an hour of some samples, ascending. */
export function summarize(samples: Iterable<Sample>): Point[] {
  const collector = pointCollector();
  for (const sample of samples) collector.add(sample);
  return collector.points();
}

/** A point as the sample that its means make; memory in whole megabytes. */
export function readPoint(point: Point): Sample & { readonly point: Point } {
  const { timeMs, cpuUsage, memoryUsageMb, gpuUsage } = point;
  return {
    timeMs,
    cpuUsage: cpuUsage.mean,
    memoryUsageMb: Math.round(memoryUsageMb.mean),
    ...(gpuUsage && { gpuUsage: gpuUsage.mean }),
    point,
  };
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

/** The totals after one more sample. */
export function addSample(totals: UsageTotals, sample: Sample): UsageTotals {
  const { timeMs, cpuUsage, memoryUsageMb, gpuUsage } = sample;
  return {
    samples: totals.samples + 1,
    oldestMs: Math.min(totals.oldestMs ?? timeMs, timeMs),
    newestMs: Math.max(totals.newestMs ?? timeMs, timeMs),
    cpuSum: totals.cpuSum + cpuUsage,
    cpuMax: Math.max(totals.cpuMax ?? cpuUsage, cpuUsage),
    memorySum: totals.memorySum + memoryUsageMb,
    memoryMax: Math.max(totals.memoryMax ?? memoryUsageMb, memoryUsageMb),
    gpuSamples: totals.gpuSamples + (gpuUsage === undefined ? 0 : 1),
    gpuSum: totals.gpuSum + (gpuUsage ?? 0),
    gpuMax: gpuUsage === undefined ? totals.gpuMax : Math.max(totals.gpuMax ?? gpuUsage, gpuUsage),
  };
}

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
export function summarizeJob(nodes: readonly UsageTotals[]): UsageSummary {
  const summaries = nodes.map(summarizeNode);
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
