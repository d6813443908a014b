import { Type } from '@sinclair/typebox';
import { MAX_NODES } from '../domain/job.ts';
import { DetailFields, GpuId, MAX_GPU_IDS } from './detail.ts';
import { WRITE_ERRORS } from './error.ts';
import { Choice, Count, Identity, JobId, Moment, optional, type Wire } from './field.ts';
import { State } from './job.ts';
import { operation } from './operation.ts';

const Timestamp = optional(Moment('ISO 8601 time; the server’s clock by default'));
const Sluid = optional(Identity('SLUID, Slurm’s unique key of the run: SLURM_JOB_SLUID'));

/** Scripts of a site may send more fields than are read here. */
const OPEN = { additionalProperties: true };

export const JobStartedBody = Type.Object(
  {
    job_id: JobId('Job id'),
    user: Identity('User who owns the job'),
    node_list: Type.Array(Type.String(), {
      maxItems: MAX_NODES,
      description: 'Nodes of the job, also in the short form of Slurm: node[01-04]',
    }),
    cpu_allocation: optional(Count('CPUs of the job')),
    gpu_allocation: optional(Count('GPUs of the job')),
    gpu_vendor: optional(Type.String()),
    gpu_devices: optional(
      Type.Array(GpuId, { maxItems: MAX_GPU_IDS, description: 'GPUs of a job on a single node' }),
    ),
    cgroup_path: optional(Type.String()),
    sluid: Sluid,
    timestamp: Timestamp,
  },
  {
    ...OPEN,
    example: { job_id: '4711', user: 'alice', node_list: ['node[01-02]', 'node03'], cpu_allocation: 6 },
  },
);
export type JobStartedBody = Wire<typeof JobStartedBody>;

export const JobFinishedBody = Type.Object(
  {
    job_id: JobId('Job id'),
    final_state: State,
    exit_code: DetailFields.exit_code,
    signal: DetailFields.signal,
    sluid: Sluid,
    timestamp: Timestamp,
  },
  { ...OPEN, example: { job_id: '4711', final_state: 'completed', exit_code: 0 } },
);
export type JobFinishedBody = Wire<typeof JobFinishedBody>;

export const ProcessedAnswer = Type.Object(
  { status: Choice(['processed']), job_id: Type.String(), message: Type.String() },
  { $id: 'Processed', additionalProperties: false },
);
export type ProcessedAnswer = Wire<typeof ProcessedAnswer>;

export const renderProcessed = (jobId: string, message: string): ProcessedAnswer => ({
  status: 'processed',
  job_id: jobId,
  message,
});

export const JOB_STARTED = operation({
  id: 'jobStarted',
  method: 'POST',
  path: '/v1/events/job-started',
  tag: 'Slurm',
  access: 'ingest',
  summary: 'Report from a hook script that a job has started',
  body: { schema: JobStartedBody },
  answers: { 200: { schema: ProcessedAnswer, means: 'The event is on disk' } },
  errors: WRITE_ERRORS,
  repeatable: 'timestamped',
});

export const JOB_FINISHED = operation({
  id: 'jobFinished',
  method: 'POST',
  path: '/v1/events/job-finished',
  tag: 'Slurm',
  access: 'ingest',
  summary: 'Report from a hook script that a job has ended; provisional until Slurm confirms it',
  body: { schema: JobFinishedBody },
  answers: { 200: { schema: ProcessedAnswer, means: 'The event is on disk' } },
  errors: WRITE_ERRORS,
  repeatable: 'timestamped',
});
