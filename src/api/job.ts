import { type Static, Type } from '@sinclair/typebox';
import { AppError } from '../domain/errors.ts';
import {
  hasEnded,
  JOB_STATES,
  MAX_BATCH_JOBS,
  MAX_MEMORY_MB,
  MAX_NODES,
  type PastJob,
} from '../domain/job.ts';
import { requirePastTime } from '../domain/time.ts';
import { DetailFields, optional, readDetails } from './detail.ts';
import { Identity, JobId, Moment } from './identity.ts';

export const JobStateBody = Type.Union(
  JOB_STATES.map((state) => Type.Literal(state)),
  { description: 'State of the job' },
);
export const CpuUsage = Type.Number({ minimum: 0, maximum: 100, description: 'CPU usage in percent' });
export const MemoryUsage = Type.Integer({
  minimum: 0,
  maximum: MAX_MEMORY_MB,
  description: 'Memory in megabytes',
});
export const GpuUsage = Type.Number({ minimum: 0, maximum: 100, description: 'GPU usage in percent' });

export const NewJobBody = Type.Object(
  {
    id: JobId('Unique job identifier'),
    user: Identity('User who owns the job'),
    nodes: Type.Array(Identity('Node name'), {
      minItems: 1,
      maxItems: MAX_NODES,
      // Published as `uniqueItems`, which TypeBox checks with a hash that takes a second for 100,000 names: `requireDistinct` does.
      distinct: true,
      description: 'Compute nodes of the job; the first one owns samples that name no node',
    }),
    ...DetailFields,
  },
  {
    additionalProperties: false,
    example: { id: 'job-001', user: 'alice', nodes: ['node-01', 'node-02'], name: 'train' },
  },
);

/** `validation_error` for nodes that name one twice. */
export function requireDistinct(nodes: readonly string[]): void {
  if (nodes.length > 1 && new Set(nodes).size < nodes.length)
    throw new AppError('validation_error', 'nodes must not name the same node twice.');
}

const PastTime = (description: string) => optional(Moment(description));

/** A job of a batch. Unknown fields are ignored, so that a newer sender can talk to an older server. */
export const PastJobBody = Type.Object({
  ...NewJobBody.properties,
  state: optional(JobStateBody),
  start_time: PastTime(
    'ISO 8601 time of the start; the server’s clock when left out, which an ended job may not',
  ),
  end_time: PastTime('ISO 8601 time of the end; required of a job that has ended, and of no other'),
});

/** Nodes of all jobs of a batch together. Writing 100,000 of them takes two seconds. */
export const MAX_BATCH_NODES = MAX_NODES;

export const JobBatchBody = Type.Object(
  {
    jobs: Type.Array(PastJobBody, {
      maxItems: MAX_BATCH_JOBS,
      description: `Jobs, which may have started and ended before; at most ${MAX_BATCH_NODES} nodes in all`,
    }),
  },
  {
    example: {
      jobs: [
        {
          id: 'job-000',
          user: 'alice',
          nodes: ['node-01'],
          state: 'completed',
          start_time: '2026-01-20T10:00:00Z',
          end_time: '2026-01-20T11:30:00Z',
        },
        { id: 'job-002', user: 'bob', nodes: ['node-02'] },
      ],
    },
  },
);

export const JobPatchBody = Type.Object(
  {
    state: optional(JobStateBody),
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

/**
 * The job that a row of a batch describes. Left out, the state is running and the start is now. A job that has ended has
 * to say when it started and ended; no time may lie in the future. `validation_error`.
 */
export function readPastJob(row: Static<typeof PastJobBody>, nowMs: number): PastJob {
  const { id, user, nodes, state = 'running', start_time, end_time, ...fields } = row;
  requireDistinct(nodes);
  const details = readDetails(fields);
  const stamped = start_time === undefined;
  const startTimeMs = stamped ? nowMs : requirePastTime('start_time', start_time, nowMs);
  const job = {
    id,
    user,
    nodes,
    state,
    startTimeMs,
    ...(stamped && { stamped }),
    ...(details && { details }),
  };
  if (!hasEnded(state)) {
    if (end_time === undefined) return job;
    throw new AppError('validation_error', `end_time must be left out of a job that is ${state}.`);
  }
  if (stamped || end_time === undefined) {
    const missing = stamped ? 'start_time' : 'end_time';
    throw new AppError('validation_error', `${missing} is required of a job that is ${state}.`);
  }
  const endTimeMs = requirePastTime('end_time', end_time, nowMs);
  if (endTimeMs < startTimeMs) {
    throw new AppError('validation_error', 'end_time must not lie before start_time.');
  }
  return { ...job, endTimeMs };
}
