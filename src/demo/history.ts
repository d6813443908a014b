import { HISTORY_STEP_MS, type HistoryRow } from '../domain/overview/history.ts';
import { measureJob } from './behaviour.ts';
import { NODES, placesIn, QUARTERS } from './cluster.ts';
import { type DemoJob, isRunningAt, type WaitingJob } from './life.ts';

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The rows that the service would have stored in a time. */
export function historyOf(
  jobs: readonly DemoJob[],
  waiting: readonly WaitingJob[],
  { fromMs, toMs }: Span,
): HistoryRow[] {
  const rows: HistoryRow[] = [];
  const firstMs = Math.ceil(fromMs / HISTORY_STEP_MS) * HISTORY_STEP_MS;
  for (let timeMs = firstMs; timeMs < toMs; timeMs += HISTORY_STEP_MS) {
    const running = jobs.filter((job) => isRunningAt(job, timeMs));
    rows.push({
      timeMs,
      running: running.length,
      pending: [...jobs, ...waiting].filter((job) => isWaitingAt(job, timeMs)).length,
      ...countEnds(jobs, timeMs),
      ...TOTALS,
      ...addUp(running, timeMs),
    });
  }
  return rows;
}

const isWaitingAt = (job: DemoJob | WaitingJob, timeMs: number): boolean =>
  job.submitTimeMs <= timeMs && !('startTimeMs' in job && job.startTimeMs <= timeMs);

function countEnds(jobs: readonly DemoJob[], timeMs: number) {
  const counts = { completed: 0, failed: 0, cancelled: 0 };
  for (const { endTimeMs, verdict } of jobs) {
    const { state } = verdict;
    if (endTimeMs <= timeMs - HISTORY_STEP_MS || endTimeMs > timeMs) continue;
    if (state === 'completed' || state === 'failed' || state === 'cancelled') counts[state]++;
  }
  return counts;
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, one) => total + one, 0);
const PARTITION_OF_EACH = [...NODES.values()];
const TOTALS = {
  cpusTotal: sum(PARTITION_OF_EACH.map(({ cores }) => cores)),
  memoryTotalMb: sum(PARTITION_OF_EACH.map(({ memoryMb }) => memoryMb)),
  gpusTotal: sum(PARTITION_OF_EACH.map((partition) => placesIn(partition).length)),
  nodesTotal: NODES.size,
};

/** What the running jobs have and use; the first node of each speaks for all. */
function addUp(running: readonly DemoJob[], timeMs: number) {
  const sums = {
    ...{ cpusAllocated: 0, cpusUsed: 0, memoryAllocatedMb: 0, memoryUsedMb: 0 },
    ...{ gpusAllocated: 0, gpusUsed: 0 },
  };
  for (const job of running) {
    const nodes = job.nodes.length;
    const cpus = (nodes * job.partition.cores * job.quarters) / QUARTERS;
    const gpus = nodes * job.gpuPlaces.length;
    const { cpuUsage, memoryUsageMb, gpuUsage = 0 } = measureJob(job, 0, timeMs);
    sums.cpusAllocated += cpus;
    sums.cpusUsed += Math.round((cpus * cpuUsage) / 100);
    sums.memoryAllocatedMb += Math.floor((nodes * job.partition.memoryMb * job.quarters) / QUARTERS);
    sums.memoryUsedMb += nodes * memoryUsageMb;
    sums.gpusAllocated += gpus;
    sums.gpusUsed += Math.round((gpus * gpuUsage) / 100);
  }
  return { ...sums, nodesWithJobs: new Set(running.flatMap(({ nodes }) => nodes)).size };
}
