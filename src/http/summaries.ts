import { Elysia } from 'elysia';
import type { JobSummary, Store } from '../domain/store.ts';
import type { UsageSummary } from '../domain/summary.ts';
import { JOB_ID, MAX_RUN, operation, RUN } from './document.ts';
import { readQuery } from './query.ts';

function renderSummary({ samples, observedSeconds, cpuUsage, memoryUsageMb, gpuUsage }: UsageSummary) {
  return {
    samples,
    observed_seconds: observedSeconds,
    ...(cpuUsage && { cpu_usage: cpuUsage }),
    ...(memoryUsageMb && { memory_usage_mb: memoryUsageMb }),
    ...(gpuUsage && { gpu_usage: gpuUsage }),
  };
}

export const renderJobSummary = ({ whole, nodes }: JobSummary) => ({
  ...renderSummary(whole),
  nodes: nodes.map(({ node, ...summary }) => ({ node, ...renderSummary(summary) })),
});

/** Tells what all samples of a job come to. */
export const summaries = ({ store }: { store: Store }) =>
  new Elysia({ name: 'summaries', normalize: false }).get(
    '/v1/jobs/:jobId/summary',
    async ({ params: { jobId }, request }) => {
      const run = readQuery(request, [RUN.name]).optionalInteger(RUN.name, { min: 1, max: MAX_RUN });
      return { job_id: jobId, ...renderJobSummary(await store.summarizeJob(jobId, run)) };
    },
    {
      detail: operation({
        operationId: 'getSummary',
        tag: 'Jobs',
        summary: 'What all samples of a job come to, kept as long as the job; of a running job: to now',
        parameters: [JOB_ID, RUN],
        answers: { 200: { schema: 'JobSummary', means: 'The summary, as a whole and by node' } },
        errors: ['validation_error', 'not_found', 'unavailable'],
      }),
    },
  );
