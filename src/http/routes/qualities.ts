import { Elysia } from 'elysia';
import { MAX_RUN, RUN } from '../../api/operation.ts';
import { GET_QUALITY, renderQuality } from '../../api/quality.ts';
import { hasEnded } from '../../domain/job.ts';
import { judgeQuality } from '../../domain/quality.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { findRun } from '../request/run.ts';
import { describe } from '../response/operation.ts';

interface QualityOptions {
  readonly store: ViewStore;
  readonly now: () => number;
}

/** Says how complete the samples of runs are. */
export const qualities = ({ store, now }: QualityOptions) =>
  new Elysia({ name: 'qualities', normalize: false }).use(callerContext).get(
    GET_QUALITY.path,
    async ({ params: { jobId }, request, caller }) => {
      const number = readQuery(request, [RUN.name]).optionalInteger(RUN.name, { min: 1, max: MAX_RUN });
      const view = viewOf(store, caller);
      const traces = await view.traceSamples(jobId, number, request.signal);
      const { nodes, state, startTimeMs, endTimeMs } = await findRun(view, {
        jobId,
        number,
        signal: request.signal,
      });
      const observed = { nodes, startMs: startTimeMs, endMs: endTimeMs ?? now(), hasEnded: hasEnded(state) };
      return renderQuality(jobId, judgeQuality({ ...observed, traces }));
    },
    { detail: describe(GET_QUALITY) },
  );
