import { Elysia } from 'elysia';
import {
  DEFAULT_SPARKLINE_POINTS,
  LIST_SPARKLINES,
  MAX_SPARKLINE_JOBS,
  MAX_SPARKLINE_POINTS,
  renderSparklines,
} from '../../api/sparkline.ts';
import { invalid } from '../../domain/errors.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { describe } from '../response/operation.ts';

/** Serves small lines of the usage of many jobs. */
export const sparklines = ({ store }: { readonly store: ViewStore }) =>
  new Elysia({ name: 'sparklines', normalize: false }).use(callerContext).get(
    LIST_SPARKLINES.path,
    async ({ request, caller }) => {
      const query = readQuery(request, ['job', 'points'], ['job']);
      const jobs = query.names('job', MAX_SPARKLINE_JOBS);
      if (!jobs) throw invalid('job is missing; give it once for each job.');
      const points = query.integer('points', {
        min: 2,
        max: MAX_SPARKLINE_POINTS,
        otherwise: DEFAULT_SPARKLINE_POINTS,
      });
      return renderSparklines(await viewOf(store, caller).readSparklines(jobs, points, request.signal));
    },
    { detail: describe(LIST_SPARKLINES) },
  );
