import { Elysia } from 'elysia';
import { GET_OVERVIEW, renderOverview } from '../../api/overview.ts';
import type { Overviews } from '../../domain/overview/keeper.ts';
import { callerContext, sightOf } from '../request/caller.ts';
import { describe } from '../response/operation.ts';

interface OverviewOptions {
  readonly overviews: Pick<Overviews, 'of'>;
}

/** Serves the state of the cluster. */
export const overview = ({ overviews }: OverviewOptions) =>
  new Elysia({ name: 'overview', normalize: false })
    .use(callerContext)
    .get(GET_OVERVIEW.path, async ({ caller }) => renderOverview(await overviews.of(sightOf(caller))), {
      detail: describe(GET_OVERVIEW),
    });
