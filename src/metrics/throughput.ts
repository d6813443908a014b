import { type PartitionCount, type Throughput, WAIT_BOUNDS_SECONDS } from '../domain/throughput.ts';
import { escapeLabel, openFamily } from './exposition.ts';

/** The families of how jobs go through the cluster, written straight from the store's counters. */
export function renderThroughput({ live, finished, waits }: Throughput): string {
  return (
    counts('hpc_observe_jobs', 'gauge', 'Jobs that wait or run, by partition', live) +
    counts(
      'hpc_observe_jobs_finished_total',
      'counter',
      'Runs of jobs that have ended, by their first verdict',
      finished,
    ) +
    renderWaits(waits)
  );
}

function counts(
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  rows: readonly PartitionCount[],
): string {
  const series = rows.map(
    ({ partition, state, count }) =>
      `${name}{partition="${escapeLabel(partition)}",state="${state}"} ${count}\n`,
  );
  return openFamily(name, type, help) + series.join('');
}

function renderWaits({ runs, totalSeconds }: Throughput['waits']): string {
  const name = 'hpc_observe_queue_wait_seconds';
  let total = 0;
  const buckets = [...WAIT_BOUNDS_SECONDS, Infinity].map((bound) => {
    total += runs.get(bound) ?? 0;
    return `${name}_bucket{le="${bound === Infinity ? '+Inf' : bound}"} ${total}\n`;
  });
  return (
    openFamily(name, 'histogram', 'How long jobs waited from their submission to their start') +
    `${buckets.join('')}${name}_sum ${totalSeconds}\n${name}_count ${total}\n`
  );
}
