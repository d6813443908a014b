import { Type } from '@sinclair/typebox';
import { defined } from '../domain/defined.ts';
import type { JobPatch } from '../domain/job.ts';
import { DetailFields, readDetails, renderDetails } from './detail.ts';
import { WRITE_ERRORS } from './error.ts';
import { optional, type Wire } from './field.ts';
import { JobAnswer, State } from './job.ts';
import { JOB_ID, operation } from './operation.ts';
import { CpuUsage, GpuUsage, MemoryUsage } from './usage.ts';

export const JobPatchBody = Type.Object(
  {
    state: optional(State),
    cpu_usage: optional(CpuUsage),
    memory_usage_mb: optional(MemoryUsage),
    gpu_usage: optional(GpuUsage),
    ...DetailFields,
  },
  {
    additionalProperties: false,
    example: { state: 'completed', cpu_usage: 80, memory_usage_mb: 8192, gpu_usage: 60 },
  },
);
type JobPatchBody = Wire<typeof JobPatchBody>;

export function readPatch(body: JobPatchBody): JobPatch {
  const { state, cpu_usage, memory_usage_mb, gpu_usage, ...fields } = body;
  return defined<JobPatch>({
    state,
    cpuUsage: cpu_usage,
    memoryUsageMb: memory_usage_mb,
    gpuUsage: gpu_usage,
    details: readDetails(fields),
  });
}

export const renderPatch = ({
  state,
  cpuUsage,
  memoryUsageMb,
  gpuUsage,
  details,
}: JobPatch): JobPatchBody => ({
  ...defined<JobPatchBody>({
    state,
    cpu_usage: cpuUsage,
    memory_usage_mb: memoryUsageMb,
    gpu_usage: gpuUsage,
  }),
  ...(details && renderDetails(details)),
});

export const UPDATE_JOB = operation({
  id: 'updateJob',
  method: 'PATCH',
  path: '/v1/jobs/:jobId',
  tag: 'Jobs',
  access: 'admin',
  summary: 'Change the state, the usage or details of a job; omitted fields do not change',
  parameters: [JOB_ID],
  body: { schema: JobPatchBody },
  answers: { 200: { schema: JobAnswer, means: 'The job after the change, on disk' } },
  errors: [...WRITE_ERRORS, 'not_found'],
  repeatable: 'never',
});
