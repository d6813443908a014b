import { version } from '../../package.json';
import type { CommandState, SpoolState } from '../domain/slurm-health.ts';
import type { Store } from '../domain/store/store.ts';
import type { Log } from '../log.ts';
import { addAccessMetrics } from '../metrics/access.ts';
import { findingMetrics } from '../metrics/findings.ts';
import { groupRenderer } from '../metrics/groups.ts';
import { addIngestMetrics } from '../metrics/ingest.ts';
import { renderJobs } from '../metrics/jobs.ts';
import { addLoopMetrics } from '../metrics/loops.ts';
import { addNetworkMetrics } from '../metrics/network.ts';
import { renderNodes } from '../metrics/nodes.ts';
import { addPolicyMetrics } from '../metrics/policies.ts';
import { processMetrics } from '../metrics/process.ts';
import { addPushMetrics, type PushState } from '../metrics/push.ts';
import { serviceMetrics } from '../metrics/service.ts';
import { slurmMetrics } from '../metrics/slurm.ts';
import { throughputMetrics } from '../metrics/throughput.ts';
import type { RepeatState } from '../repeat.ts';
import type { Config } from '../settings/table.ts';

interface MetricsOptions {
  readonly config: Pick<Config, 'endedSeriesMs' | 'metricsMaxSeries'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
}

/**
 * What /metrics shows. It exists before the other parts, which
 * report to it; `watch` connects those read at a scrape.
 */
export function createMetrics({ config, now, log }: MetricsOptions) {
  let store: Store | undefined;
  let slurm: SlurmStates | undefined;
  const loops = new Map<string, () => RepeatState>();
  const service = serviceMetrics({
    version,
    storeStatus: () => store?.status(),
    isWriter: () => store?.duty() === 'writer',
  });
  addLoopMetrics(service.registry, loops);
  let certificateExpiresMs = (): number | undefined => undefined;
  const network = addNetworkMetrics(service.registry, () => certificateExpiresMs());
  const observeRefusal = addAccessMetrics(service.registry);
  const ingest = addIngestMetrics(service.registry);
  let pushState = (): PushState | undefined => undefined;
  let lastPushMs = (): number | undefined => undefined;
  // A service that lost its lock pushes nothing, and what waited then is no fault.
  addPushMetrics(service.registry, now, () => (store?.duty() === 'writer' ? pushState() : undefined));
  const policies = addPolicyMetrics(service.registry);
  const slurmFamilies = slurmMetrics({
    now,
    commandStates: () => slurm?.commands.states(),
    spoolState: () => slurm?.spool.state(),
  });
  const throughput = throughputMetrics(() => store!.countThroughput());
  const findings = findingMetrics({
    countEnded: () => store!.countFindings(),
    countRunning: () => store!.countRunningFindings(),
  });
  const processFamilies = processMetrics();
  /** What the database has is shown by the service that writes, so that two services show nothing twice. */
  const ofWriter =
    <Rendered>(render: () => Promise<Rendered>) =>
    async () =>
      store!.duty() === 'writer' ? render() : '';
  const render = groupRenderer(
    [
      {
        name: 'jobs',
        render: ofWriter(() => {
          const nowMs = now();
          return renderJobs(store!, {
            nowMs,
            // No job may end between two snapshots without being in one.
            endedSeriesMs: Math.max(config.endedSeriesMs, nowMs - (lastPushMs() ?? nowMs)),
            maxSeries: config.metricsMaxSeries,
          });
        }),
      },
      {
        name: 'nodes',
        render: ofWriter(() => renderNodes(store!, { nowMs: now(), maxSeries: config.metricsMaxSeries })),
      },
      { name: 'throughput', render: ofWriter(throughput.render) },
      { name: 'findings', render: ofWriter(findings.render) },
      { name: 'slurm', render: ofWriter(() => slurmFamilies.registry.metrics()) },
      { name: 'process', render: () => processFamilies.metrics() },
      { name: 'service', render: () => service.registry.metrics() },
    ],
    { registry: service.registry, now, log },
  );
  return {
    render,
    observeRequest: service.observeRequest,
    observeCommit: service.observeCommit,
    observeIgnoredHeader: network.observeIgnoredHeader,
    observeRefusal,
    /** Counts what other exporters send. */
    ingest,
    /** Counts what policies sent and did. */
    policies,
    observeReports: slurmFamilies.observeReports,
    /** The registries of all groups but `jobs` and `nodes`, whose families are not in one. */
    registries: [
      throughput.registry,
      findings.registry,
      slurmFamilies.registry,
      processFamilies,
      service.registry,
    ],
    watchStore(opened: Store): void {
      store = opened;
    },
    watchSlurm(states: SlurmStates): void {
      slurm = states;
    },
    /** Shows when the certificate in use expires. */
    watchCertificate(expiresMs: () => number): void {
      certificateExpiresMs = expiresMs;
    },
    /** Shows what is pushed; `lastMs` is when the last snapshot was taken. */
    watchPush(state: () => PushState, lastMs: () => number): void {
      pushState = state;
      lastPushMs = lastMs;
    },
    /** Shows how often a background loop ran and failed; one that has started anew counts from 0. */
    watchLoop(name: string, state: () => RepeatState): void {
      loops.set(name, state);
    },
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

interface SlurmStates {
  readonly commands: { states(): ReadonlyMap<string, CommandState> };
  readonly spool: { state(): SpoolState };
}
