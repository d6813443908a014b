import { shareLatest } from '../domain/latest.ts';
import type { ClusterNodes, ReadClusterNodes } from '../domain/nodes/cluster-nodes.ts';
import { freeGpus } from '../domain/nodes/free-gpus.ts';
import { nodeCollector } from '../domain/nodes/node-now.ts';
import type { SchedulerNodes } from '../domain/nodes/scheduler-node.ts';
import type { LiveStore } from '../domain/store/live.ts';
import { startPace } from '../pace.ts';

/** All who ask share the nodes for this long, because all running jobs are read for them. */
const FRESH_MS = 5000;
/** Nodes of this age are still given while the next ones are gathered; a page reads about as often. */
const USABLE_MS = 12_000;

interface ClusterNodesOptions {
  readonly store: Pick<LiveStore, 'nodeReports' | 'nodeJobs'>;
  readonly now: () => number;
  readonly readScheduler: () => SchedulerNodes | undefined;
}

/** Returns a function that gathers the nodes from jobs, agents and the scheduler, when somebody asks. */
export const clusterNodes = (options: ClusterNodesOptions): ReadClusterNodes =>
  shareLatest({
    make: () => gather(options),
    now: options.now,
    freshMs: FRESH_MS,
    usableMs: USABLE_MS,
  });

async function gather({ store, now, readScheduler }: ClusterNodesOptions): Promise<ClusterNodes> {
  const timeMs = now();
  const scheduler = readScheduler();
  const collector = nodeCollector(timeMs, scheduler);
  for await (const page of store.nodeJobs()) for (const job of page) collector.addJob(job);
  for await (const page of store.nodeReports()) for (const report of page) collector.addReport(report);
  const nodes = [];
  const pace = startPace('background');
  for (const node of collector.nodes()) {
    nodes.push(node);
    if (pace.isDue()) await pace.rest();
  }
  return {
    timeMs,
    ...(scheduler && { schedulerTimeMs: scheduler.timeMs }),
    nodes,
    freeGpus: freeGpus(nodes),
  };
}
