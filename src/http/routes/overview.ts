import { Elysia } from 'elysia';
import { GET_OVERVIEW, type Overview, renderOverview } from '../../api/overview.ts';
import type { Caller } from '../../domain/caller.ts';
import type { Job } from '../../domain/job.ts';
import { amountCollector } from '../../domain/overview/amounts.ts';
import { concernCollector } from '../../domain/overview/concerns.ts';
import { endingCollector } from '../../domain/overview/endings.ts';
import type { LiveStore } from '../../domain/store/live.ts';
import type { View, ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { describe } from '../response/operation.ts';
import { shareAnswer } from '../response/shared-answer.ts';

const FAILED_WITHIN_MS = 3_600_000;
/** Failed jobs of the last hour that are read; beyond it something else is wrong. */
const MAX_FAILED = 10_000;

interface OverviewOptions {
  readonly store: ViewStore & Pick<LiveStore, 'nodeReports'>;
  readonly now: () => number;
}

/** Serves the state of the cluster. */
export const overview = ({ store, now }: OverviewOptions) => {
  const ofAll = shareAnswer(() => makeOverview(store.seenBy('all'), store, now()), now);
  const overviewOf = (caller: Caller): Promise<Overview> =>
    caller.sight === 'all' ? ofAll() : makeOverview(viewOf(store, caller), store, now());

  return new Elysia({ name: 'overview', normalize: false })
    .use(callerContext)
    .get(GET_OVERVIEW.path, async ({ caller }) => renderOverview(await overviewOf(caller)), {
      detail: describe(GET_OVERVIEW),
    });
};

async function makeOverview(
  view: View,
  { nodeReports }: Pick<LiveStore, 'nodeReports'>,
  nowMs: number,
): Promise<Overview> {
  const amounts = amountCollector(nowMs);
  const concerns = concernCollector(nowMs);
  const endings = endingCollector();
  let running = 0;
  await forEachJob(view.streamJobs({ state: 'running' }, { nowMs }), (job) => {
    running++;
    amounts.addRunning(job);
    concerns.addRunning(job);
  });
  const sinceMs = nowMs - FAILED_WITHIN_MS;
  await forEachJob(
    view.streamJobs({ state: 'failed', sinceMs }, { nowMs, limit: MAX_FAILED }),
    endings.addFailed,
  );
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

async function forEachJob(pages: AsyncIterable<Job[]>, take: (job: Job) => void): Promise<void> {
  for await (const page of pages) for (const job of page) take(job);
}
