import { Type } from '@sinclair/typebox';
import { MAX_BATCH_SAMPLES } from '../domain/sample.ts';
import { BATCH_ENCODINGS, BatchAnswer } from './batch.ts';
import { WRITE_ERRORS } from './error.ts';
import { optional } from './field.ts';
import { NodeReportBody } from './node-report.ts';
import { operation } from './operation.ts';
import { SampleColumnsBody } from './sample-columns.ts';
import { SampleRowBody } from './sample-row.ts';

const SampleRowsBody = Type.Object(
  {
    samples: Type.Array(SampleRowBody, {
      maxItems: MAX_BATCH_SAMPLES,
      description:
        'Samples of any jobs and nodes; one whose job, node and timestamp are stored already changes nothing',
    }),
    report: optional(NodeReportBody),
  },
  {
    title: 'Rows',
    example: {
      samples: [
        { job_id: 'job-001', node: 'node-01', cpu_usage: 75.5, memory_usage_mb: 4096, cpu_seconds: 912.4 },
        {
          job_id: 'job-001',
          node: 'node-02',
          cpu_usage: 80,
          memory_usage_mb: 4100,
          gpu_usage: 50,
          gpus: [{ gpu: 'GPU-5f1c', gpu_utilization_percent: 50, gpu_power_watts: 310 }],
        },
      ],
    },
  },
);

const SampleBatchBody = Type.Union([SampleRowsBody, SampleColumnsBody], { example: SampleRowsBody.example });

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
