import { Elysia } from 'elysia';
import { MAX_RUN, RUN } from '../../api/operation.ts';
import { GET_SUMMARY } from '../../api/summary.ts';
import type { JobSummary } from '../../domain/store/samples.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { sendJson } from '../response/download.ts';
import { describe } from '../response/operation.ts';
import { summaryParts } from '../response/summary-text.ts';

async function* answerParts(jobId: string, summary: Promise<JobSummary>): AsyncGenerator<string> {
  let head = `{"job_id":${JSON.stringify(jobId)},`;
  for (const part of summaryParts(await summary)) {
    yield head === '' ? part : head + part.slice(1);
    head = '';
  }
}

/** Serves the summary of a run's samples. */
export const summaries = ({ store }: { store: ViewStore }) =>
  new Elysia({ name: 'summaries', normalize: false }).use(callerContext).get(
    GET_SUMMARY.path,
    ({ params: { jobId }, request, caller }) => {
      const run = readQuery(request, [RUN.name]).optionalInteger(RUN.name, { min: 1, max: MAX_RUN });
      return sendJson(answerParts(jobId, viewOf(store, caller).summarizeJob(jobId, run, request.signal)));
    },
    { detail: describe(GET_SUMMARY) },
  );
