import { Elysia } from 'elysia';
import type { JobRun, Store } from '../domain/store.ts';
import { JOB_ID, operation } from './document.ts';
import { renderJob } from './jobs.ts';
import { renderJobSummary } from './summaries.ts';

const renderRun = ({ job, summary }: JobRun, number: number) => ({
  run: number,
  ...renderJob(job),
  summary: renderJobSummary(summary),
});

/** Lists the runs of a job: a requeued job keeps its id and runs again. */
export const runs = ({ store }: { store: Store }) =>
  new Elysia({ name: 'runs', normalize: false }).get(
    '/v1/jobs/:jobId/runs',
    async ({ params: { jobId } }) => {
      const found = await store.listRuns(jobId);
      return { job_id: jobId, runs: found.map((run, index) => renderRun(run, found.length - index)) };
    },
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
