import type { EndedJob } from '../ended-job.ts';
import type { Overview } from './overview.ts';

/** From one row of the history to the next. */
export const HISTORY_STEP_MS = 5 * 60_000;
/** Older rows are deleted. */
export const HISTORY_LIFE_MS = 90 * 86_400_000;
export const MAX_HISTORY_POINTS = 300;

/**
 * What a row has beside its time, with its name in the API and as a column. What `isCount` counts since the
 * row before, and is added up over longer spans; all others are averaged.
 */
export const HISTORY_FIELDS = [
  { key: 'running', name: 'running', isCount: false },
  { key: 'pending', name: 'pending', isCount: false },
  { key: 'completed', name: 'completed', isCount: true },
  { key: 'failed', name: 'failed', isCount: true },
  { key: 'cancelled', name: 'cancelled', isCount: true },
  { key: 'cpusTotal', name: 'cpus_total', isCount: false },
  { key: 'cpusAllocated', name: 'cpus_allocated', isCount: false },
  { key: 'cpusUsed', name: 'cpus_used', isCount: false },
  { key: 'memoryTotalMb', name: 'memory_total_mb', isCount: false },
  { key: 'memoryAllocatedMb', name: 'memory_allocated_mb', isCount: false },
  { key: 'memoryUsedMb', name: 'memory_used_mb', isCount: false },
  { key: 'gpusTotal', name: 'gpus_total', isCount: false },
  { key: 'gpusAllocated', name: 'gpus_allocated', isCount: false },
  { key: 'gpusUsed', name: 'gpus_used', isCount: false },
  { key: 'nodesTotal', name: 'nodes_total', isCount: false },
  { key: 'nodesWithJobs', name: 'nodes_with_jobs', isCount: false },
  { key: 'agentsHeard', name: 'agents_heard', isCount: false },
  { key: 'agentsSilent', name: 'agents_silent', isCount: false },
  { key: 'gpuPowerWatts', name: 'gpu_power_watts', isCount: false },
] as const;

type HistoryKey = (typeof HISTORY_FIELDS)[number]['key'];
export type HistoryName = (typeof HISTORY_FIELDS)[number]['name'];

/** The cluster at one moment; what was not known then is absent. */
export interface HistoryRow extends Readonly<Partial<Record<HistoryKey, number>>> {
  readonly timeMs: number;
}

/** Jobs that ended since the row before, by state. */
export type EndedCounts = Pick<HistoryRow, 'completed' | 'failed' | 'cancelled'>;

/** Adds the jobs that ended after `sinceMs`, up to `untilMs`, to counts. */
export function countEnded(
  counts: { completed: number; failed: number; cancelled: number },
  jobs: readonly EndedJob[],
  sinceMs: number,
  untilMs: number,
): void {
  for (const { state, endTimeMs } of jobs) {
    if (endTimeMs <= sinceMs || endTimeMs > untilMs) continue;
    if (state === 'completed' || state === 'failed' || state === 'cancelled') counts[state]++;
  }
}

/** Whether a row is due: in each step of the clock one is stored, and none twice. */
export const isRowDue = (lastMs: number | undefined, nowMs: number): boolean =>
  lastMs === undefined || stepOf(nowMs) !== stepOf(lastMs);

const stepOf = (timeMs: number): number => Math.floor(timeMs / HISTORY_STEP_MS);

/** Whether a row of this time is the row before: otherwise nobody counted what ended in between. */
export const isRowBefore = (lastMs: number, nowMs: number): boolean =>
  nowMs > lastMs && nowMs - lastMs < 2 * HISTORY_STEP_MS;

/** Returns the row of an overview; undefined if Slurm's word is too old to be of that moment. */
export function historyRow(overview: Overview, ended: EndedCounts): HistoryRow | undefined {
  const { timeMs, running, pending, amounts, freshness } = overview;
  if (freshness.squeue?.isStale) return undefined;
  const { cpus, memoryMb, gpus, nodes, gpuPowerWatts } = amounts;
  const { live, stale, silent } = freshness.agents;
  const known: Partial<Record<HistoryKey, number | undefined>> = {
    ...{ running, pending, ...ended },
    ...{ cpusTotal: cpus.total, cpusAllocated: cpus.allocated, cpusUsed: cpus.used },
    ...{
      memoryTotalMb: memoryMb.total,
      memoryAllocatedMb: memoryMb.allocated,
      memoryUsedMb: memoryMb.used,
    },
    ...{ gpusTotal: gpus.total, gpusAllocated: gpus.allocated, gpusUsed: gpus.used },
    ...{ nodesTotal: nodes.total, nodesWithJobs: nodes.withJobs },
    ...{ agentsHeard: live + stale, agentsSilent: silent, gpuPowerWatts },
  };
  const row: { timeMs: number } & Partial<Record<HistoryKey, number>> = { timeMs };
  for (const { key } of HISTORY_FIELDS) if (known[key] !== undefined) row[key] = known[key];
  return row;
}

interface History {
  /** Length of a span; a span without rows has no point. */
  readonly stepMs: number;
  readonly points: readonly HistoryRow[];
}

/** Joins rows, given in the order of time, to at most MAX_HISTORY_POINTS points between two times. */
export function historyCollector(sinceMs: number, untilMs: number) {
  const steps = Math.max(1, Math.ceil((untilMs - sinceMs) / MAX_HISTORY_POINTS / HISTORY_STEP_MS));
  const stepMs = steps * HISTORY_STEP_MS;
  const spanOf = (timeMs: number) =>
    Math.min(MAX_HISTORY_POINTS - 1, Math.floor((timeMs - sinceMs) / stepMs));
  const points: HistoryRow[] = [];
  let span: HistoryRow[] = [];

  function endSpan(): void {
    if (span.length > 0) points.push(span.length === 1 ? span[0]! : join(span));
    span = [];
  }

  return {
    add(row: HistoryRow): void {
      if (span.length > 0 && spanOf(span[0]!.timeMs) !== spanOf(row.timeMs)) endSpan();
      span.push(row);
    },
    history(): History {
      endSpan();
      return { stepMs, points };
    },
  };
}

function join(rows: readonly HistoryRow[]): HistoryRow {
  const joined: { timeMs: number } & Partial<Record<HistoryKey, number>> = {
    timeMs: Math.round(rows.reduce((sum, { timeMs }) => sum + timeMs / rows.length, 0)),
  };
  for (const { key, isCount } of HISTORY_FIELDS) {
    const known = rows.flatMap((row) => row[key] ?? []);
    if (known.length === 0) continue;
    const sum = known.reduce((total, one) => total + one, 0);
    joined[key] = isCount ? sum : Number((sum / known.length).toFixed(1));
  }
  return joined;
}
