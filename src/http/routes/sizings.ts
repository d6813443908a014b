import { Elysia } from 'elysia';
import { MAX_RUN, RUN } from '../../api/operation.ts';
import { GET_SIZING, renderSizing } from '../../api/sizing.ts';
import { DEFAULT_THRESHOLDS, type Thresholds } from '../../domain/finding/thresholds.ts';
import { sizeRun } from '../../domain/sizing/sizing.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { findRun } from '../request/run.ts';
import { describe } from '../response/operation.ts';

interface SizingOptions {
  readonly store: ViewStore;
  readonly thresholds?: Thresholds;
}

/** Says what the next runs of jobs need. */
export const sizings = ({ store, thresholds = DEFAULT_THRESHOLDS }: SizingOptions) =>
  new Elysia({ name: 'sizings', normalize: false }).use(callerContext).get(
    GET_SIZING.path,
    async ({ params: { jobId }, request, caller }) => {
      const number = readQuery(request, [RUN.name]).optionalInteger(RUN.name, { min: 1, max: MAX_RUN });
      const view = viewOf(store, caller);
      const job = await findRun(view, { jobId, number, signal: request.signal });
      return renderSizing(jobId, sizeRun(job, await view.listPastRuns(job), thresholds));
    },
    { detail: describe(GET_SIZING) },
  );
