import { Type } from '@sinclair/typebox';
import { MAX_BATCH_SAMPLES } from '../domain/sample.ts';
import { optional } from './detail.ts';
import { Identity, Moment } from './identity.ts';
import { CpuUsage, GpuUsage, MemoryUsage } from './job.ts';

export const SampleBody = Type.Object(
  {
    cpu_usage: CpuUsage,
    memory_usage_mb: MemoryUsage,
    gpu_usage: optional(GpuUsage),
    timestamp: optional(
      Moment('ISO 8601 time of the sample, to back-fill; the server’s clock when left out'),
    ),
    node: optional(Identity('Node of the job that was measured; its first node when left out')),
  },
  {
    additionalProperties: false,
    example: { cpu_usage: 75.5, memory_usage_mb: 4096, gpu_usage: 50 },
  },
);

/** A sample of a batch. Unknown fields are ignored, so that a newer agent can talk to an older server. */
export const SampleRowBody = Type.Object({
  job_id: optional(Identity('Job that was measured; required where sluid does not name its run')),
  sluid: optional(
    Identity(
      'In place of job_id: the run that was measured, by Slurm’s key (SLUID), also when another run of its job has followed',
    ),
  ),
  ...SampleBody.properties,
});

export const SampleBatchBody = Type.Object(
  {
    samples: Type.Array(SampleRowBody, {
      maxItems: MAX_BATCH_SAMPLES,
      description:
        'Samples of any jobs and nodes; one whose job, node and timestamp are known changes nothing',
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
