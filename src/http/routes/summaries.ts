import { Elysia } from 'elysia';
import { MAX_RUN, RUN } from '../../api/operation.ts';
import { GET_SUMMARY } from '../../api/summary.ts';
import type { JobSummary, SampleStore } from '../../domain/store/samples.ts';
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
export const summaries = ({ store }: { store: Pick<SampleStore, 'summarizeJob'> }) =>
  new Elysia({ name: 'summaries', normalize: false }).get(
    GET_SUMMARY.path,
    ({ params: { jobId }, request }) => {
      const run = readQuery(request, [RUN.name]).optionalInteger(RUN.name, { min: 1, max: MAX_RUN });
      return sendJson(answerParts(jobId, store.summarizeJob(jobId, run, request.signal)));
    },
    { detail: describe(GET_SUMMARY) },
  );
