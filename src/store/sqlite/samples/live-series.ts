import type { GpuPause } from '../../../domain/finding/gpu-pause.ts';
import type { MemoryTrace } from '../../../domain/finding/memory-trace.ts';
import { MEASURES, type MeasureName } from '../../../domain/measure.ts';
import type { GpuSummary, SeriesMeasures } from '../../../domain/measure-summary.ts';
import type { JobSummary, NodeSummary } from '../../../domain/store/samples.ts';
import {
  addSample,
  joinTotals,
  type RunningTotals,
  summarizeJob,
  summarizeNode,
} from '../../../domain/summary.ts';
import type { RowColumns } from '../../chunk/gather.ts';

const codeOf = (name: MeasureName): number => MEASURES.get(name)!.code;
const CPU_SECONDS = codeOf('cpu_seconds');
const CPU_THROTTLED = codeOf('cpu_throttled_seconds');
const OOM_KILLS = codeOf('memory_oom_kills');
const GPU_USE = codeOf('gpu_utilization_percent');
const GPU_MEMORY = codeOf('gpu_memory_used_bytes');

const COUNTERS: readonly number[] = [CPU_SECONDS, CPU_THROTTLED, OOM_KILLS];

/** The measures that rules look at. */
export const RULE_MEASURES = { codes: [...COUNTERS, GPU_USE, GPU_MEMORY] };

/** GPUs of a job on a node; readings that name others are left out. */
const MAX_GPUS = 64;

interface Sums {
  count: number;
  sum: number;
  max: number;
}

interface LiveGpu {
  readonly gpu: string;
  use: Sums | undefined;
  memory: Sums | undefined;
}

/** The counters of a series before the first is read. */
export const NO_COUNTERS: readonly number[] = COUNTERS.map(() => Number.NaN);

/** Sums over all samples of a run on a node that rules need. */
export interface LiveSeries {
  /** Its number. */
  readonly id: number;
  readonly job: LiveJob;
  readonly node: number;
  /** Of the node. */
  readonly name: string;
  readonly totals: RunningTotals;
  /** In the order of COUNTERS. They only grow, so that the largest is the last; NaN until one is read. */
  readonly counters: number[];
  readonly gpus: LiveGpu[];
}

/** What is known of a running job from its samples. */
export interface LiveJob {
  readonly series: LiveSeries[];
  readonly pause: GpuPause;
  readonly memory: MemoryTrace;
}

/** Adds the sample at a place of a row of the log. */
export function addLive(series: LiveSeries, row: RowColumns, at: number): void {
  const { totals, counters, gpus, job } = series;
  addSample(totals, row, at);
  job.memory.add(row.times[at]!, row.memory[at]!);
  const gpuPercent = row.gpu?.[at] ?? Number.NaN;
  if (!Number.isNaN(gpuPercent)) job.pause.add(row.times[at]!, gpuPercent);
  if (!row.further) return;
  for (const [code, values] of row.further.columns) raise(counters, code, values[at]!);
  const readings = row.further.gpus;
  if (!readings) return;
  for (let reading = readings.starts[at]!; reading < readings.starts[at + 1]!; reading++) {
    const gpu = gpuOf(gpus, readings.names[readings.gpus[reading]!]!);
    for (const [code, values] of readings.columns) {
      const value = values[reading]!;
      if (Number.isNaN(value)) continue;
      addSums(gpu, code, { count: 1, sum: value, max: value });
    }
  }
}

/** Adds what is kept of sealed samples. */
export function addSealed({ counters, gpus }: LiveSeries, sealed: SeriesMeasures): void {
  for (const { code, gpu, ...sums } of sealed) {
    if (!RULE_MEASURES.codes.includes(code)) continue;
    if (gpu === '') raise(counters, code, sums.max);
    else addSums(gpuOf(gpus, gpu), code, sums);
  }
}

function raise(counters: number[], code: number, value: number): void {
  const place = COUNTERS.indexOf(code);
  if (!Number.isNaN(value) && !(value <= counters[place]!)) counters[place] = value;
}

/** Returns a GPU, which is added if there is room. */
function gpuOf(gpus: LiveGpu[], gpu: string): LiveGpu | undefined {
  for (const known of gpus) if (known.gpu === gpu) return known;
  if (gpus.length === MAX_GPUS) return undefined;
  const added: LiveGpu = { gpu, use: undefined, memory: undefined };
  gpus.push(added);
  return added;
}

function addSums(gpu: LiveGpu | undefined, code: number, { count, sum, max }: Sums): void {
  if (!gpu) return;
  const key = code === GPU_USE ? 'use' : 'memory';
  const known = gpu[key];
  if (!known) {
    gpu[key] = { count, sum, max };
    return;
  }
  known.count += count;
  known.sum += sum;
  if (max > known.max) known.max = max;
}

/** Returns the part of the summary of a run that rules look at. */
export function summarizeLive({ series }: LiveJob): JobSummary {
  const joined = joinNodes(series).filter(({ totals }) => totals.samples > 0);
  const usages = joined.map(({ totals }) => summarizeNode(totals));
  const sums = [...NO_COUNTERS];
  const nodes = joined.map((node, place): NodeSummary => {
    for (const [place, value] of node.counters.entries())
      if (!Number.isNaN(value)) sums[place] = (sums[place]! || 0) + value;
    const gpus = node.gpus.map(summarizeGpu);
    return {
      node: node.name,
      ...usages[place]!,
      ...measuredOf(node.counters),
      ...(gpus.length > 0 && { gpus }),
    };
  });
  const totals = joined.map((node) => node.totals);
  return { whole: { ...summarizeJob(totals, usages), ...measuredOf(sums) }, nodes };
}

function measuredOf(counters: readonly number[]): Pick<NodeSummary, 'measured'> {
  const [cpuSeconds, cpuThrottledSeconds, memoryOomKills] = counters.map((value) =>
    Number.isNaN(value) ? undefined : value,
  );
  const measured = {
    ...(cpuSeconds !== undefined && { cpuSeconds }),
    ...(cpuThrottledSeconds !== undefined && { cpuThrottledSeconds }),
    ...(memoryOomKills !== undefined && { memoryOomKills }),
  };
  return Object.keys(measured).length > 0 ? { measured } : {};
}

const loadOf = ({ count, sum, max }: Sums) => ({ mean: sum / count, max });

const summarizeGpu = ({ gpu, use, memory }: LiveGpu): GpuSummary => ({
  gpu,
  ...(use && { utilizationPercent: loadOf(use) }),
  ...(memory && { memoryUsedBytes: loadOf(memory) }),
});

/** Joins the series of one node: runs that became one may each have a series on it. */
function joinNodes(series: readonly LiveSeries[]): readonly Omit<LiveSeries, 'job'>[] {
  if (series.length < 2) return series;
  const byNode = new Map<number, Omit<LiveSeries, 'job'>>();
  for (const one of series) {
    const known = byNode.get(one.node);
    byNode.set(one.node, known ? joinTwo(known, one) : one);
  }
  return [...byNode.values()];
}

function joinTwo(one: Omit<LiveSeries, 'job'>, other: Omit<LiveSeries, 'job'>): Omit<LiveSeries, 'job'> {
  const counters = [...one.counters];
  for (const [place, value] of other.counters.entries()) raise(counters, COUNTERS[place]!, value);
  const gpus = one.gpus.map((gpu) => ({
    gpu: gpu.gpu,
    use: gpu.use && { ...gpu.use },
    memory: gpu.memory && { ...gpu.memory },
  }));
  for (const { gpu, use, memory } of other.gpus) {
    if (use) addSums(gpuOf(gpus, gpu), GPU_USE, use);
    if (memory) addSums(gpuOf(gpus, gpu), GPU_MEMORY, memory);
  }
  return { ...one, totals: joinTotals(one.totals, other.totals), counters, gpus };
}
