import type { LiveStore } from '../store/live.ts';
import type { View } from '../store/view.ts';
import { type Amounts, amountCollector } from './amounts.ts';
import { type Concern, concernCollector } from './concerns.ts';
import { type Endings, endingCollector } from './endings.ts';

/** The state of a cluster at one moment, from the jobs that the caller may see. */
export interface Overview {
  readonly timeMs: number;
  readonly running: number;
  readonly pending: number;
  readonly amounts: Amounts;
  readonly wasting: readonly Concern[];
  readonly troubled: readonly Concern[];
  readonly failed: readonly Endings[];
}

const FAILED_WITHIN_MS = 3_600_000;

/** What an overview is made from. */
export type OverviewView = Pick<View, 'runningJobs' | 'busyNodes' | 'endedJobs' | 'listJobs'>;

/** Makes an overview from the running jobs of a view, and from those that ended within the hour. */
export async function makeOverview(
  view: OverviewView,
  { nodeReports }: Pick<LiveStore, 'nodeReports'>,
  nowMs: number,
): Promise<Overview> {
  const amounts = amountCollector(nowMs);
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
  for await (const page of view.busyNodes()) for (const node of page) amounts.addBusy(node);
  for await (const page of view.endedJobs(nowMs - FAILED_WITHIN_MS))
    for (const job of page) if (job.state === 'failed') endings.addFailed(job);
  for await (const page of nodeReports()) for (const report of page) amounts.addReport(report);
  const { total: pending } = await view.listJobs({ state: 'pending' }, { limit: 1 });
  return {
    timeMs: nowMs,
    running,
    pending,
    amounts: amounts.amounts(),
    wasting: concerns.wasting(),
    troubled: concerns.troubled(),
    failed: endings.endings(),
  };
}
