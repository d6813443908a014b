import { Elysia } from 'elysia';
import { GET_OVERVIEW, renderOverview } from '../../api/overview.ts';
import {
  GET_OVERVIEW_HISTORY,
  type OverviewHistoryAnswer,
  renderHistory,
} from '../../api/overview-history.ts';
import type { Sight } from '../../domain/caller.ts';
import { invalid } from '../../domain/errors.ts';
import { historyCollector } from '../../domain/overview/history.ts';
import type { Overviews } from '../../domain/overview/keeper.ts';
import type { HistoryStore } from '../../domain/store/history.ts';
import { callerContext, sightOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { describe } from '../response/operation.ts';

const DAY_MS = 86_400_000;
const NOT_SHOWN =
  'The history counts the jobs of everybody, and you see only your own. GET /v1/usage has what those used.';

interface OverviewOptions {
  readonly store: Pick<HistoryStore, 'readHistory'>;
  readonly overviews: Pick<Overviews, 'of'>;
  readonly now: () => number;
}

/** Serves the state of the cluster, now and over time. */
export const overview = ({ store, overviews, now }: OverviewOptions) =>
  new Elysia({ name: 'overview', normalize: false })
    .use(callerContext)
    .get(GET_OVERVIEW.path, async ({ caller }) => renderOverview(await overviews.of(sightOf(caller))), {
      detail: describe(GET_OVERVIEW),
    })
    .get(
      GET_OVERVIEW_HISTORY.path,
      ({ caller, request }) => readHistory(store, sightOf(caller), readRange(request, now())),
      { detail: describe(GET_OVERVIEW_HISTORY) },
    );

interface Range {
  readonly sinceMs: number;
  readonly untilMs: number;
}

function readRange(request: Request, nowMs: number): Range {
  const query = readQuery(request, ['since', 'until']);
  const untilMs = query.time('until') ?? nowMs;
  const sinceMs = query.time('since') ?? untilMs - DAY_MS;
  if (sinceMs >= untilMs) throw invalid('since must be before until.');
  return { sinceMs, untilMs };
}

async function readHistory(
  store: Pick<HistoryStore, 'readHistory'>,
  sight: Sight,
  { sinceMs, untilMs }: Range,
): Promise<OverviewHistoryAnswer> {
  const collector = historyCollector(sinceMs, untilMs);
  if (sight !== 'all') return renderHistory({ sinceMs, untilMs, ...collector.history(), reason: NOT_SHOWN });
  for await (const page of store.readHistory(sinceMs, untilMs)) for (const row of page) collector.add(row);
  return renderHistory({ sinceMs, untilMs, ...collector.history() });
}
