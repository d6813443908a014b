import { Type } from '@sinclair/typebox';
import { MAX_BATCH_SAMPLES } from '../domain/sample.ts';
import { BATCH_ENCODINGS, BatchAnswer } from './batch.ts';
import { WRITE_ERRORS } from './error.ts';
import { Identity, optional, type Wire } from './field.ts';
import { operation } from './operation.ts';
import { renderNewSample, SampleBody, type SentSample } from './sample.ts';

/** A sample of a batch. Unknown fields are ignored, so that a newer agent can talk to an older server. */
export const SampleRowBody = Type.Object({
  job_id: optional(Identity('Measured job; required unless sluid names the run')),
  sluid: optional(
    Identity('Instead of job_id: the SLUID of the measured run, which may be an earlier run of its job'),
  ),
  ...SampleBody.properties,
});
export type SampleRowBody = Wire<typeof SampleRowBody>;

const SampleBatchBody = Type.Object(
  {
    samples: Type.Array(SampleRowBody, {
      maxItems: MAX_BATCH_SAMPLES,
      description:
        'Samples of any jobs and nodes; one whose job, node and timestamp are stored already changes nothing',
    }),
  },
  {
    example: {
      samples: [
        { job_id: 'job-001', node: 'node-01', cpu_usage: 75.5, memory_usage_mb: 4096 },
        { job_id: 'job-001', node: 'node-02', cpu_usage: 80, memory_usage_mb: 4100, gpu_usage: 50 },
      ],
    },
  },
);

/** A row of a batch as a client sends it; `sluid` or `jobId` names the run. */
export type SentRow = SentSample & ({ readonly jobId: string } | { readonly sluid: string });

export const renderSampleRow = ({
  jobId,
  sluid,
  ...sample
}: SentSample & { jobId?: string; sluid?: string }): SampleRowBody => ({
  ...(jobId !== undefined && { job_id: jobId }),
  ...(sluid !== undefined && { sluid }),
  ...renderNewSample(sample),
});

export const RECORD_SAMPLES = operation({
  id: 'recordSamples',
  method: 'POST',
  path: '/v1/samples',
  tag: 'Samples',
  access: 'ingest',
  summary:
    'Record samples of many jobs and nodes; samples that are stored already change nothing, so that a sender may retry',
  body: { schema: SampleBatchBody, description: BATCH_ENCODINGS },
  answers: { 200: { schema: BatchAnswer, means: 'What is stored, on disk, and what was refused' } },
  errors: WRITE_ERRORS,
  repeatable: 'timestamped',
});
