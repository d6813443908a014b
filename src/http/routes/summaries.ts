import { Elysia } from 'elysia';
import type { JobSummary, SampleStore } from '../../domain/store/samples.ts';
import type { UsageSummary } from '../../domain/summary.ts';
import { readQuery } from '../request/query.ts';
import { sendJson } from '../response/download.ts';
import { JOB_ID, MAX_RUN, RUN } from '../response/openapi.ts';
import { operation } from '../response/operation.ts';

function renderSummary({ samples, observedSeconds, cpuUsage, memoryUsageMb, gpuUsage }: UsageSummary) {
  return {
    samples,
    observed_seconds: observedSeconds,
    ...(cpuUsage && { cpu_usage: cpuUsage }),
    ...(memoryUsageMb && { memory_usage_mb: memoryUsageMb }),
    ...(gpuUsage && { gpu_usage: gpuUsage }),
  };
}

/** Nodes of one part of the text. */
const NODES_AT_ONCE = 200;

/** The text of a summary as JSON, in parts. */
export function* summaryParts({ whole, nodes }: JobSummary): Generator<string> {
  yield `${JSON.stringify(renderSummary(whole)).slice(0, -1)},"nodes":[`;
  for (let start = 0; start < nodes.length; start += NODES_AT_ONCE) {
    const part = nodes.slice(start, start + NODES_AT_ONCE);
    const rows = part.map(({ node, ...summary }) => ({ node, ...renderSummary(summary) }));
    yield `${start > 0 ? ',' : ''}${JSON.stringify(rows).slice(1, -1)}`;
  }
  yield ']}';
}

async function* answerParts(jobId: string, summary: Promise<JobSummary>): AsyncGenerator<string> {
  let head = `{"job_id":${JSON.stringify(jobId)},`;
  for (const part of summaryParts(await summary)) {
    yield head === '' ? part : head + part.slice(1);
    head = '';
  }
}

/** Tells what all samples of a job come to. */
export const summaries = ({ store }: { store: Pick<SampleStore, 'summarizeJob'> }) =>
  new Elysia({ name: 'summaries', normalize: false }).get(
    '/v1/jobs/:jobId/summary',
    ({ params: { jobId }, request }) => {
      const run = readQuery(request, [RUN.name]).optionalInteger(RUN.name, { min: 1, max: MAX_RUN });
      return sendJson(answerParts(jobId, store.summarizeJob(jobId, run, request.signal)));
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
