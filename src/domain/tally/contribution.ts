import type { JobState } from '../job.ts';
import { runtimeSeconds } from '../job.ts';
import { type Energy, measureSummarizer, type SeriesMeasures } from '../measure-summary.ts';
import type { UsageTotals } from '../summary.ts';
import { NO_TALLY, type Tally } from './tally.ts';

/** The facts of an ended run that are tallied. */
export interface EndedRun {
  readonly state: JobState;
  readonly rawState?: string | undefined;
  /** Absent if it never started. */
  readonly startTimeMs?: number | undefined;
  readonly endTimeMs: number;
  readonly submitTimeMs?: number | undefined;
  readonly suspendedSeconds?: number | undefined;
  readonly nodes: number;
  readonly cpus?: number | undefined;
  readonly gpus?: number | undefined;
  readonly memoryLimitMb?: number | undefined;
  /** As Slurm measured it. */
  readonly energyJoules?: number | undefined;
}

/** The samples of a run on one of its nodes. */
export interface MeasuredNode extends UsageTotals {
  readonly measures: SeriesMeasures;
}

/** Most of one figure of one run: 9,000 such runs are still an exact sum in SQL. */
const MAX_FIGURE = 1e15;

/**
 * Returns what an ended run adds to tallies. Used is the mean of the samples times what was held in the time
 * from the first to the last sample of each node, which is also what counts as measured: before, after and on
 * silent nodes nothing is assumed.
 */
export function contributionOf(run: EndedRun, nodes: readonly MeasuredNode[]): Tally {
  const { state, startTimeMs, endTimeMs, submitTimeMs, suspendedSeconds } = run;
  if (state === 'pending' || state === 'running') return NO_TALLY;
  const seconds =
    startTimeMs === undefined ? 0 : runtimeSeconds(startTimeMs, endTimeMs, endTimeMs, suspendedSeconds);
  const waitMs =
    submitTimeMs === undefined || startTimeMs === undefined ? undefined : startTimeMs - submitTimeMs;
  const joules = run.energyJoules ?? joulesOf(nodes);
  const share = measuredShare(nodes, seconds * run.nodes);
  const cpu = usedOf(run.cpus, seconds, share, averageOf(nodes, cpuShare));
  const gpu = usedOf(run.gpus, seconds, share, averageOf(nodes, gpuShare));
  const memory = usedOf(run.memoryLimitMb, seconds, share, averageOf(nodes, memoryShare(run)));
  return {
    ...NO_TALLY,
    [state]: 1,
    ...countRaw(run.rawState),
    runtimeSeconds: whole(seconds),
    waitSeconds: waitMs === undefined ? 0 : whole(Math.max(0, waitMs) / 1000),
    waits: Number(waitMs !== undefined),
    cpuSeconds: cpu.held,
    cpuMeasuredSeconds: cpu.measured,
    cpuUsedSeconds: cpu.used,
    gpuSeconds: gpu.held,
    gpuMeasuredSeconds: gpu.measured,
    gpuUsedSeconds: gpu.used,
    memoryMbSeconds: memory.held,
    memoryMeasuredMbSeconds: memory.measured,
    memoryUsedMbSeconds: memory.used,
    energyJoules: joules === undefined ? 0 : whole(joules),
    energies: Number(joules !== undefined),
  };
}

const whole = (value: number): number => Math.min(MAX_FIGURE, Math.round(value));

/** Counts the states of Slurm that people look for; Slurm may add words: `CANCELLED by 1000`. */
function countRaw(rawState: string | undefined): Partial<Tally> {
  switch (rawState?.split(' ')[0]) {
    case 'TIMEOUT':
      return { timedOut: 1 };
    case 'OUT_OF_MEMORY':
      return { outOfMemory: 1 };
    case 'NODE_FAIL':
      return { nodeFailed: 1 };
    case 'PREEMPTED':
      return { preempted: 1 };
    default:
      return {};
  }
}

/** Returns for how much of a run's time on all its nodes there are samples. */
function measuredShare(nodes: readonly MeasuredNode[], nodeSeconds: number): number {
  if (nodeSeconds <= 0) return 0;
  const observedMs = nodes.reduce(
    (sum, { oldestMs, newestMs }) =>
      oldestMs === null || newestMs === null ? sum : sum + newestMs - oldestMs,
    0,
  );
  return Math.min(1, observedMs / 1000 / nodeSeconds);
}

/** Returns the mean of what the nodes have, each counting alike; undefined if none has it. */
function averageOf(
  nodes: readonly MeasuredNode[],
  shareOf: (node: MeasuredNode) => number | undefined,
): number | undefined {
  const shares = nodes.map(shareOf).filter((share) => share !== undefined);
  return shares.length === 0 ? undefined : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

const cpuShare = ({ samples, cpuSum, cpuMax }: MeasuredNode): number | undefined =>
  samples === 0 || cpuMax === null ? undefined : cpuSum / samples / 100;

const gpuShare = ({ gpuSamples, gpuSum }: MeasuredNode): number | undefined =>
  gpuSamples === 0 ? undefined : gpuSum / gpuSamples / 100;

/** Assumes that the limit of a run is spread evenly over its nodes. */
const memoryShare =
  ({ nodes, memoryLimitMb }: EndedRun) =>
  ({ samples, memorySum, memoryMax }: MeasuredNode): number | undefined =>
    samples === 0 || memoryMax === null || !memoryLimitMb
      ? undefined
      : (memorySum / samples / memoryLimitMb) * nodes;

function usedOf(
  held: number | undefined,
  seconds: number,
  measuredPart: number,
  usedShare: number | undefined,
): { held: number; measured: number; used: number } {
  const heldSeconds = (held ?? 0) * seconds;
  const measuredSeconds = usedShare === undefined ? 0 : heldSeconds * measuredPart;
  return {
    held: whole(heldSeconds),
    measured: whole(measuredSeconds),
    used: whole(measuredSeconds * (usedShare ?? 0)),
  };
}

/** Returns the energy that was measured: that of whole nodes, or else of CPUs and GPUs together. */
function joulesOf(nodes: readonly MeasuredNode[]): number | undefined {
  const summarizer = measureSummarizer();
  for (const { measures, oldestMs, newestMs } of nodes)
    summarizer.add(measures, ((newestMs ?? 0) - (oldestMs ?? 0)) / 1000);
  const energy = summarizer.summary().measured?.energy ?? [];
  const byMethod = new Map<Energy['method'], number>(energy.map(({ method, joules }) => [method, joules]));
  if (byMethod.size === 0) return undefined;
  return byMethod.get('node_share') ?? (byMethod.get('cpu_share') ?? 0) + (byMethod.get('gpu_power') ?? 0);
}
