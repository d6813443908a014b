import { Elysia } from 'elysia';
import { GET_FINDINGS, renderVerdict } from '../../api/finding.ts';
import { MAX_RUN, RUN } from '../../api/operation.ts';
import { judgeRun } from '../../domain/finding/judge.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { findRun } from '../request/run.ts';
import { describe } from '../response/operation.ts';

interface FindingOptions {
  readonly store: ViewStore;
  readonly now: () => number;
}

/** Judges the runs of jobs. */
export const findings = ({ store, now }: FindingOptions) =>
  new Elysia({ name: 'findings', normalize: false }).use(callerContext).get(
    GET_FINDINGS.path,
    async ({ params: { jobId }, request, caller }) => {
      const number = readQuery(request, [RUN.name]).optionalInteger(RUN.name, { min: 1, max: MAX_RUN });
      const view = viewOf(store, caller);
      const summary = await view.summarizeJob(jobId, number, request.signal);
      const job = await findRun(view, { jobId, number, signal: request.signal });
      return renderVerdict(jobId, judgeRun({ job, summary, nowMs: now() }));
    },
    { detail: describe(GET_FINDINGS) },
  );
