import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Commit, StoreStatus } from '../domain/store/upkeep.ts';

/** The families of the service itself: requests, commits, the store. */
interface ServiceMetrics {
  readonly registry: Registry;
  /** `route` is the pattern, never the path, so that the number of series stays small. */
  observeRequest(method: string, route: string, status: number, seconds: number): void;
  observeCommit(commit: Commit): void;
}

interface ServiceMetricsOptions {
  readonly version: string;
  /** Read at every scrape; undefined before the store is open. */
  readonly storeStatus: () => StoreStatus | undefined;
  /** Whether this service stores what arrives; read at every scrape. */
  readonly isWriter: () => boolean;
}

export function serviceMetrics({ version, storeStatus, isWriter }: ServiceMetricsOptions): ServiceMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: 'hpc_observe_http_request_seconds',
    help: 'Time from the arrival of HTTP requests to their answer, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const commits = new Counter({
    name: 'hpc_observe_commits_total',
    help: 'Transactions that the store tried to commit, including those of sealing and retention, by result',
    labelNames: ['result'],
    registers,
  });
  const commitSeconds = new Histogram({
    name: 'hpc_observe_commit_seconds',
    help: 'Time of a transaction from its start until it is on disk',
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  const commitRows = new Histogram({
    name: 'hpc_observe_commit_rows',
    help: 'Jobs and samples in one transaction; transactions without any, such as those of retention, are not counted',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000],
    registers,
  });
  new Gauge({
    name: 'hpc_observe_writer',
    help: 'Whether this service stores what arrives: 0 for one that only reads a shared PostgreSQL database',
    registers,
    collect() {
      this.set(Number(isWriter()));
    },
  });
  new Gauge({
    name: 'hpc_observe_queue_length',
    help: 'Jobs and samples waiting for their commit',
    registers,
    collect() {
      this.set(storeStatus()?.queueLength ?? 0);
    },
  });
  new Gauge({
    name: 'hpc_observe_unsealed_samples',
    help: 'Samples that wait in the log to be packed into history, and sealed ones that have not left it yet',
    registers,
    collect() {
      this.set(storeStatus()?.unsealedSamples ?? 0);
    },
  });
  new Counter({
    name: 'hpc_observe_unsealed_refusals_total',
    help: 'Writes of samples that were answered with 503 because --max-unsealed-samples was reached',
    registers,
    collect() {
      this.reset();
      this.inc(storeStatus()?.refusedUnsealed ?? 0);
    },
  });
  new Gauge({
    name: 'hpc_observe_database_bytes',
    help: 'Size of the database and its write-ahead log',
    registers,
    collect() {
      this.set(storeStatus()?.databaseBytes ?? 0);
    },
  });
  new Counter({
    name: 'hpc_observe_set_aside_total',
    help: 'Series, chunks and jobs that sealing or retention could not process; the log has the reason',
    registers,
    collect() {
      this.reset();
      this.inc(storeStatus()?.setAside ?? 0);
    },
  });
  new Gauge({
    name: 'hpc_observe_build_info',
    help: 'Always 1; the labels name the build',
    labelNames: ['version', 'bun'],
    registers,
  }).set({ version, bun: Bun.version }, 1);
  for (const result of ['committed', 'failed']) commits.inc({ result }, 0);
  return {
    observeRequest: (method, route, status, seconds) => requests.observe({ method, route, status }, seconds),
    observeCommit({ rows, seconds, failed }) {
      commits.inc({ result: failed ? 'failed' : 'committed' });
      commitSeconds.observe(seconds);
      if (rows > 0) commitRows.observe(rows);
    },
    registry,
  };
}
