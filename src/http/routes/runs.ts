import { Elysia } from 'elysia';
import type { JobRun, RunStore } from '../../domain/store/runs.ts';
import { sendJson } from '../response/download.ts';
import { JOB_ID } from '../response/openapi.ts';
import { operation } from '../response/operation.ts';
import { renderJob } from './jobs.ts';
import { summaryParts } from './summaries.ts';

/** Runs come one at a time: hundreds of a thousand nodes each are more than should be in memory at once. */
async function* renderRuns(jobId: string, runs: AsyncIterable<JobRun>): AsyncGenerator<string> {
  yield `{"job_id":${JSON.stringify(jobId)},"runs":[`;
  let comma = '';
  for await (const { run, job, summary } of runs) {
    yield `${comma}${JSON.stringify({ run, ...renderJob(job) }).slice(0, -1)},"summary":`;
    yield* summaryParts(summary);
    yield '}';
    comma = ',';
  }
  yield ']}';
}

/** Lists the runs of a job: a requeued job keeps its id and runs again. */
export const runs = ({ store }: { store: Pick<RunStore, 'streamRuns'> }) =>
  new Elysia({ name: 'runs', normalize: false }).get(
    '/v1/jobs/:jobId/runs',
    ({ params: { jobId }, request }) => sendJson(renderRuns(jobId, store.streamRuns(jobId, request.signal))),
    {
      detail: operation({
        operationId: 'listRuns',
        tag: 'Jobs',
        summary: 'All runs of a job, the latest first: a requeued job keeps its id and runs again',
        parameters: [JOB_ID],
        answers: { 200: { schema: 'RunList', means: 'Each run as a job of its own, with its summary' } },
        errors: ['not_found', 'unavailable'],
      }),
    },
  );
