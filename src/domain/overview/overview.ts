import type { Sight } from '../caller.ts';
import type { ReadClusterNodes } from '../nodes/cluster-nodes.ts';
import type { FreeGpus } from '../nodes/free-gpus.ts';
import type { OwnedJob } from '../nodes/node-now.ts';
import { isSeen } from '../sight.ts';
import type { ViewStore } from '../store/view.ts';
import { type Amounts, amountCollector } from './amounts.ts';
import { type Concern, concernCollector } from './concerns.ts';
import { type Endings, endingCollector } from './endings.ts';
import { agentCollector, type Following, type Freshness, sourceAges } from './freshness.ts';

/** The state of a cluster at one moment, from the jobs that the caller may see. */
export interface Overview {
  readonly timeMs: number;
  readonly running: number;
  readonly pending: number;
  readonly amounts: Amounts;
  readonly freshness: Freshness;
  readonly freeGpus: readonly FreeGpus[];
  readonly wasting: readonly Concern[];
  readonly troubled: readonly Concern[];
  readonly failed: readonly Endings[];
}

/** What overviews are made from. */
export interface OverviewSources {
  readonly store: ViewStore;
  readonly readNodes: ReadClusterNodes;
  /** What is known of Slurm's programs; undefined where Slurm is not followed. */
  readonly following: () => Following | undefined;
}

const FAILED_WITHIN_MS = 3_600_000;

/** Makes an overview of what somebody may see. */
export async function makeOverview(
  { store, readNodes, following }: OverviewSources,
  sight: Sight,
  nowMs: number,
): Promise<Overview> {
  const view = store.seenBy(sight);
  const isShown = (job: OwnedJob) => isSeen(sight, job);
  const amounts = amountCollector(isShown);
  const concerns = concernCollector(nowMs);
  const endings = endingCollector();
  let running = 0;
  for await (const page of view.runningJobs()) {
    running += page.length;
    for (const job of page) {
      amounts.addRunning(job);
      concerns.addRunning(job);
    }
  }
  for await (const page of view.endedJobs(nowMs - FAILED_WITHIN_MS))
    for (const job of page) if (job.state === 'failed') endings.addFailed(job);
  // The overview of all is made in the background; nobody else waits for all nodes.
  const cluster = await readNodes({ mustBeFresh: sight === 'all' });
  const agents = agentCollector(cluster.timeMs, isShown);
  for (const node of cluster.nodes) {
    amounts.addNode(node);
    agents.addNode(node);
  }
  const { total: pending } = await view.listJobs({ state: 'pending' }, { limit: 1 });
  const known = following();
  return {
    timeMs: nowMs,
    running,
    pending,
    amounts: amounts.amounts(),
    freshness: { ...(known && sourceAges(known, nowMs)), agents: agents.ages() },
    freeGpus: cluster.freeGpus,
    wasting: concerns.wasting(),
    troubled: concerns.troubled(),
    failed: endings.endings(),
  };
}
