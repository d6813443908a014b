import { Elysia } from 'elysia';
import type { Store } from '../domain/store.ts';
import type { UsageSummary } from '../domain/summary.ts';
import { JOB_ID, operation } from './document.ts';

function renderSummary({ samples, observedSeconds, cpuUsage, memoryUsageMb, gpuUsage }: UsageSummary) {
  return {
    samples,
    observed_seconds: observedSeconds,
    ...(cpuUsage && { cpu_usage: cpuUsage }),
    ...(memoryUsageMb && { memory_usage_mb: memoryUsageMb }),
    ...(gpuUsage && { gpu_usage: gpuUsage }),
  };
}

/** Tells what all samples of a job come to. */
export const summaries = ({ store }: { store: Store }) =>
  new Elysia({ name: 'summaries', normalize: false }).get(
    '/v1/jobs/:jobId/summary',
    async ({ params: { jobId } }) => {
      const { whole, nodes } = await store.summarizeJob(jobId);
      return {
        job_id: jobId,
        ...renderSummary(whole),
        nodes: nodes.map(({ node, ...summary }) => ({ node, ...renderSummary(summary) })),
      };
    },
    {
      detail: operation({
        operationId: 'getSummary',
        tag: 'Jobs',
        summary: 'What all samples of a job come to, kept as long as the job; of a running job: to now',
        parameters: [JOB_ID],
        answers: { 200: { schema: 'JobSummary', means: 'The summary, as a whole and by node' } },
        errors: ['not_found', 'unavailable'],
      }),
    },
  );
