import { Type } from '@sinclair/typebox';
import { SEVERITIES } from '../domain/finding/severity.ts';
import { hasEnded, JOB_STATES, type Job, runtimeSeconds } from '../domain/job.ts';
import { formatTime, requireTime } from '../domain/time.ts';
import { DetailFields, readDetails, renderDetails } from './detail.ts';
import { answered, Choice, Time, type Wire } from './field.ts';
import { JOB_ID, operation } from './operation.ts';
import { CpuUsage, GpuUsage } from './usage.ts';

export const State = Choice(JOB_STATES, 'State of the job');

/** The fields of a job in answers. */
export const JobFields = {
  id: Type.String({ description: 'Job id' }),
  user: Type.String({ description: 'User who owns the job' }),
  nodes: Type.Array(Type.String(), { description: 'Nodes of the job; empty until they are assigned' }),
  state: State,
  start_time: Type.Optional(Time('When the job started; absent before its start')),
  end_time: Type.Optional(Time('When the job ended; absent before its end')),
  runtime_seconds: Type.Optional(
    Type.Number({
      minimum: 0,
      description: 'From start to end, without suspended time; absent before its end',
    }),
  ),
  cpu_usage: CpuUsage,
  memory_usage_mb: Type.Integer({
    minimum: 0,
    description: 'Memory in MB (2^20 bytes), summed over the nodes',
  }),
  gpu_usage: Type.Optional(GpuUsage),
  usage_time: Type.Optional(
    Time(
      'Time of the newest measurement. Absent while there is none; cpu_usage and memory_usage_mb are then 0',
    ),
  ),
  ...answered(DetailFields),
  state_confirmed: Type.Optional(
    Type.Boolean({
      description:
        'Ended jobs of a scheduler only: false until the scheduler itself has reported how the job ended',
    }),
  ),
  finding: Type.Optional(
    Type.String({
      description:
        'Kind of the worst finding (docs/findings.md), of a running job at most a minute old; absent if there is none',
    }),
  ),
  severity: Type.Optional(Choice(SEVERITIES, 'Severity of that finding')),
};

export const JobAnswer = Type.Object(JobFields, { $id: 'Job', additionalProperties: false });
export type JobAnswer = Wire<typeof JobAnswer>;

/** The columns of CSV. */
export const JOB_COLUMNS = Object.keys(JobFields).filter((field) => field !== 'allocations');

export function renderJob(job: Job): JobAnswer {
  return {
    id: job.id,
    user: job.user,
    nodes: job.nodes,
    state: job.state,
    ...(job.startTimeMs !== undefined && { start_time: formatTime(job.startTimeMs) }),
    ...(hasEnded(job.state) &&
      job.endTimeMs !== undefined && {
        end_time: formatTime(job.endTimeMs),
        // A job that never started has a runtime of 0.
        runtime_seconds: runtimeSeconds(
          job.startTimeMs ?? job.endTimeMs,
          job.endTimeMs,
          job.endTimeMs,
          job.details?.suspendedSeconds,
        ),
      }),
    cpu_usage: job.cpuUsage,
    memory_usage_mb: job.memoryUsageMb,
    ...(job.gpuUsage !== undefined && { gpu_usage: job.gpuUsage }),
    ...(job.usageTimeMs !== undefined && { usage_time: formatTime(job.usageTimeMs) }),
    ...(job.details && renderDetails(job.details)),
    ...(job.isEndConfirmed !== undefined && { state_confirmed: job.isEndConfirmed }),
    ...(job.finding && { finding: job.finding.kind, severity: job.finding.severity }),
  };
}

/** Reads a job from an answer; `validation_error` for a bad time. */
export function readJob(answer: JobAnswer): Job {
  const { id, user, nodes, state, start_time, end_time, gpu_usage, usage_time, state_confirmed } = answer;
  const { finding: kind, severity } = answer;
  const details = readDetails(answer);
  return {
    ...{ id, user, nodes, state, cpuUsage: answer.cpu_usage, memoryUsageMb: answer.memory_usage_mb },
    ...(start_time !== undefined && { startTimeMs: requireTime('start_time', start_time) }),
    ...(end_time !== undefined && { endTimeMs: requireTime('end_time', end_time) }),
    ...(gpu_usage !== undefined && { gpuUsage: gpu_usage }),
    ...(usage_time !== undefined && { usageTimeMs: requireTime('usage_time', usage_time) }),
    ...(details && { details }),
    ...(state_confirmed !== undefined && { isEndConfirmed: state_confirmed }),
    ...(kind !== undefined && severity !== undefined && { finding: { kind, severity } }),
  };
}

export const GET_JOB = operation({
  id: 'getJob',
  method: 'GET',
  path: '/v1/jobs/:jobId',
  tag: 'Jobs',
  access: 'read',
  summary: 'Get one job',
  parameters: [JOB_ID],
  answers: { 200: { schema: JobAnswer, means: 'The job' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'always',
});

export const DELETE_JOB = operation({
  id: 'deleteJob',
  method: 'DELETE',
  path: '/v1/jobs/:jobId',
  tag: 'Jobs',
  access: 'admin',
  summary: 'Delete a job with its runs and samples',
  parameters: [JOB_ID],
  answers: { 204: { means: 'The job is deleted' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'always',
});
