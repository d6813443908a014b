import type { Thresholds } from '../finding/thresholds.ts';
import { type Job, runtimeSeconds } from '../job.ts';
import type { JobSummary } from '../store/samples.ts';

/** What a run ran out of. */
export const LIMITS = ['memory', 'time'] as const;
export type Limit = (typeof LIMITS)[number];

/** What an ended run says of the next one like it; what it does not say is absent. */
export interface PastRun {
  /** Absent for a run that completed. */
  readonly ranOutOf?: Limit;
  /** How long it took; the limit, if it ran out of time. */
  readonly seconds?: number;
  /** The most on any of its nodes; the limit of a node, if it ran out of memory. MB of 2^20 bytes. */
  readonly memoryMb?: number;
  /** The most CPUs that were busy at once, of a run on one node. */
  readonly cpus?: number;
  /** GPUs that were used at all, of a run on one node. */
  readonly gpus?: number;
}

/** Returns how many nodes a run has, or asks for while it waits; 0 if that is not known. */
export const countNodes = ({ nodes, details }: Job): number => nodes.length || details?.nodeCount || 0;

/** A run is one like another if the same user asked for as much with the same account and name. */
export function shapeOf(job: Job): string | undefined {
  const { user, details = {} } = job;
  const nodes = countNodes(job);
  const { name, account = '', cpus = 0, gpus = 0 } = details;
  return name === undefined || nodes === 0
    ? undefined
    : JSON.stringify([user, account, name, nodes, cpus, gpus]);
}

/**
 * Returns what an ended run says of the next one; undefined if it says nothing, because it was cancelled or
 * failed by itself: such a run may have needed more.
 */
export function pastRunOf(job: Job, summary: JobSummary, thresholds: Thresholds): PastRun | undefined {
  const { state, startTimeMs, endTimeMs, details = {} } = job;
  if (startTimeMs === undefined || endTimeMs === undefined) return undefined;
  const seconds = runtimeSeconds(startTimeMs, endTimeMs, endTimeMs, details.suspendedSeconds);
  const used = { ...usedMemory(summary, seconds), ...usedUnits(job, summary, thresholds) };
  if (state === 'completed') return { seconds, ...used };
  if (details.rawState?.startsWith('TIMEOUT') && details.timeLimitSeconds)
    return { ranOutOf: 'time', seconds: details.timeLimitSeconds, ...used };
  if (details.rawState?.startsWith('OUT_OF_ME') && details.memoryLimitMb)
    return {
      ranOutOf: 'memory',
      memoryMb: Math.round(details.memoryLimitMb / Math.max(1, job.nodes.length)),
    };
  return undefined;
}

/** Fewer samples, or samples of less of the run, may have missed its peak. */
const LEAST_SAMPLES = 3;
const LEAST_SHARE = 0.5;

function usedMemory({ whole, nodes }: JobSummary, seconds: number): Pick<PastRun, 'memoryMb'> {
  if (whole.samples < LEAST_SAMPLES || whole.observedSeconds < LEAST_SHARE * seconds) return {};
  const most = nodes.reduce((max, { memoryUsageMb }) => Math.max(max, memoryUsageMb?.max ?? 0), 0);
  return most > 0 ? { memoryMb: Math.ceil(most) } : {};
}

/** CPUs and GPUs are counted on one node only, where all that a run holds is alike. */
function usedUnits(
  { nodes, details = {} }: Job,
  { whole, nodes: [node] }: JobSummary,
  { leastSamples, leastSeconds, gpuIdlePercent }: Thresholds,
): Pick<PastRun, 'cpus' | 'gpus'> {
  if (nodes.length !== 1 || whole.samples < leastSamples || whole.observedSeconds < leastSeconds) return {};
  const cpus =
    whole.cpuUsage && details.cpus && Math.max(1, Math.ceil((details.cpus * whole.cpuUsage.max) / 100));
  const read = (node?.gpus ?? []).flatMap(({ utilizationPercent }) => utilizationPercent ?? []);
  const isIdle = whole.gpuUsage && whole.gpuUsage.max < gpuIdlePercent;
  const gpus = isIdle ? 0 : read.filter(({ max }) => max >= gpuIdlePercent).length;
  const isCounted = details.gpus && (isIdle || read.length >= details.gpus);
  return { ...(cpus && { cpus }), ...(isCounted && { gpus }) };
}
