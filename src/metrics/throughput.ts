import { Counter, Gauge, type Metric, Registry } from 'prom-client';
import { type PartitionCount, type Throughput, WAIT_BOUNDS_SECONDS } from '../domain/throughput.ts';

const WAITS = 'hpc_observe_queue_wait_seconds';

/**
 * The families of how jobs go through the cluster: queue
 * lengths, ends and queue waits, from the store's counters.
 */
export function throughputMetrics(readThroughput: () => Promise<Throughput>) {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ['partition', 'state'];
  const live = new Gauge({
    name: 'hpc_observe_jobs',
    help: 'Jobs that are pending or running, by partition',
    labelNames,
    registers,
  });
  const finished = new Counter({
    name: 'hpc_observe_jobs_finished_total',
    help: 'Runs of jobs that have ended, by partition and by the state first reported',
    labelNames,
    registers,
  });
  let waits: Throughput['waits'] = { runs: new Map(), totalSeconds: 0 };
  registry.registerMetric(waitHistogram(() => waits));

  return {
    registry,
    async render(): Promise<string> {
      // One read for all three families, so that they agree.
      const throughput = await readThroughput();
      setCounts(live, throughput.live);
      setCounts(finished, throughput.finished);
      waits = throughput.waits;
      return registry.metrics();
    },
  };
}

function setCounts(family: Gauge | Counter, rows: readonly PartitionCount[]): void {
  family.reset();
  for (const { partition, state, count } of rows) family.inc({ partition, state }, count);
}

/** A histogram whose counts are in the store; prom-client's own can only count observations one by one. */
function waitHistogram(read: () => Throughput['waits']): Metric {
  const family = {
    name: WAITS,
    help: 'How long jobs waited from their submission to their start, in seconds',
    type: 'histogram',
    aggregator: 'sum',
  };
  return {
    ...family,
    labelNames: [],
    async get() {
      const { runs, totalSeconds } = read();
      let total = 0;
      const buckets = [...WAIT_BOUNDS_SECONDS, Number.POSITIVE_INFINITY].map((bound) => {
        total += runs.get(bound) ?? 0;
        const le = Number.isFinite(bound) ? bound : '+Inf';
        return { metricName: `${WAITS}_bucket`, labels: { le }, value: total };
      });
      const sums = [
        { metricName: `${WAITS}_sum`, labels: {}, value: totalSeconds },
        { metricName: `${WAITS}_count`, labels: {}, value: total },
      ];
      return { ...family, values: [...buckets, ...sums] };
    },
    reset() {},
  } as unknown as Metric;
}
