import { Type } from '@sinclair/typebox';
import type { JobRun } from '../domain/store/runs.ts';
import type { Wire } from './field.ts';
import { JobFields, readJob, renderJob } from './job.ts';
import { JOB_ID, operation } from './operation.ts';
import { readSummary, renderNodeSummary, renderUsage, SummaryAnswer } from './summary.ts';

export const RunAnswer = Type.Object(
  {
    run: Type.Integer({ minimum: 1, description: 'Number of the run; the oldest is 1' }),
    ...JobFields,
    summary: SummaryAnswer,
  },
  { additionalProperties: false },
);
export type RunAnswer = Wire<typeof RunAnswer>;

export const RunListAnswer = Type.Object(
  { job_id: Type.String(), runs: Type.Array(RunAnswer) },
  { $id: 'RunList', additionalProperties: false },
);

export const renderRun = ({ run, job, summary }: JobRun): RunAnswer => ({
  run,
  ...renderJob(job),
  summary: { ...renderUsage(summary.whole), nodes: summary.nodes.map(renderNodeSummary) },
});

export const readRun = ({ run, summary, ...job }: RunAnswer): JobRun => ({
  run,
  job: readJob(job),
  summary: readSummary(summary),
});

export const LIST_RUNS = operation({
  id: 'listRuns',
  method: 'GET',
  path: '/v1/jobs/:jobId/runs',
  tag: 'Jobs',
  access: 'read',
  summary: 'List all runs of a job, latest first; a requeued job keeps its id and runs again',
  parameters: [JOB_ID],
  answers: { 200: { schema: RunListAnswer, means: 'Each run as a job with a summary of its samples' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'always',
});
