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

/** The measures that rules look at. */
export const RULE_MEASURES = { codes: [CPU_SECONDS, CPU_THROTTLED, OOM_KILLS, GPU_USE, GPU_MEMORY] };

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

/** All samples that there ever were of a run on a node, as far as rules look at them. */
export interface LiveSeries {
  readonly job: LiveJob;
  readonly node: number;
  readonly name: string;
  readonly totals: RunningTotals;
  /** Counters only grow, so that the largest is the last; undefined until it is read. */
  readonly counters: Map<number, number>;
  readonly gpus: LiveGpu[];
}

/** What is known of a running job from its samples. */
export interface LiveJob {
  /** By the number of the series. */
  readonly series: Map<number, LiveSeries>;
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

function raise(counters: Map<number, number>, code: number, value: number): void {
  if (!Number.isNaN(value) && !(value <= counters.get(code)!)) counters.set(code, value);
}

function gpuOf(gpus: LiveGpu[], gpu: string): LiveGpu {
  for (const known of gpus) if (known.gpu === gpu) return known;
  const added: LiveGpu = { gpu, use: undefined, memory: undefined };
  gpus.push(added);
  return added;
}

function addSums(gpu: LiveGpu, code: number, { count, sum, max }: Sums): void {
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
  const joined = joinNodes([...series.values()]).filter(({ totals }) => totals.samples > 0);
  const usages = joined.map(({ totals }) => summarizeNode(totals));
  const sums = new Map<number, number>();
  const nodes = joined.map((node, place): NodeSummary => {
    for (const [code, value] of node.counters) sums.set(code, (sums.get(code) ?? 0) + value);
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

function measuredOf(counters: ReadonlyMap<number, number>): Pick<NodeSummary, 'measured'> {
  if (counters.size === 0) return {};
  const [cpuSeconds, cpuThrottledSeconds, memoryOomKills] = [CPU_SECONDS, CPU_THROTTLED, OOM_KILLS].map(
    (code) => counters.get(code),
  );
  return {
    measured: {
      ...(cpuSeconds !== undefined && { cpuSeconds }),
      ...(cpuThrottledSeconds !== undefined && { cpuThrottledSeconds }),
      ...(memoryOomKills !== undefined && { memoryOomKills }),
    },
  };
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
  const counters = new Map(one.counters);
  for (const [code, value] of other.counters) raise(counters, code, value);
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
