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

/** Longest variable of a process. */
const MAX_VARIABLE_LENGTH = 131_072;

export const HookEventBody = Type.Object(
  {
    file: Type.String({ maxLength: 255, description: 'Name of the file that the hook wrote' }),
    variables: Type.Array(Type.String({ maxLength: MAX_VARIABLE_LENGTH }), {
      maxItems: 100,
      description: 'What is in it: the variables that Slurm gave the hook, as NAME=value',
    }),
  },
  {
    ...OPEN,
    example: {
      file: '1768910400.000000000-prolog_slurmd-4711-0-1234-node01.event',
      variables: [
        'SLURM_SCRIPT_CONTEXT=prolog_slurmd',
        'SLURM_JOB_ID=4711',
        'SLURM_JOB_USER=alice',
        'SLURM_JOB_NODELIST=node[01-02]',
        'SLURM_JOB_RESTART_COUNT=0',
        'SLURM_JOB_START_TIME=1768910400',
        'SLURMD_NODENAME=node01',
        'SLURM_JOB_GPUS=0,1',
      ],
    },
  },
);
export type HookEventBody = Wire<typeof HookEventBody>;

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

export const HOOK_CALLED = operation({
  id: 'hookCalled',
  method: 'POST',
  path: '/v1/events/hook',
  tag: 'Slurm',
  access: 'ingest',
  summary:
    'Forward the event file of a hook of another machine, as agents do; one that was known changes nothing',
  body: { schema: HookEventBody },
  answers: { 200: { schema: ProcessedAnswer, means: 'The event is on disk' } },
  errors: [...WRITE_ERRORS, 'conflict'],
  repeatable: 'always',
});
