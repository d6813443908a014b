import { Type } from '@sinclair/typebox';
import { invalid } from '../domain/errors.ts';
import { hasEnded, MAX_BATCH_JOBS, MAX_NODES, type PastJob } from '../domain/job.ts';
import { formatTime, requirePastTime } from '../domain/time.ts';
import { BATCH_ENCODINGS, BatchAnswer } from './batch.ts';
import { WRITE_ERRORS } from './error.ts';
import { Moment, optional, type Wire } from './field.ts';
import { State } from './job.ts';
import { NewJobBody, readNewJob, renderNewJob } from './new-job.ts';
import { operation } from './operation.ts';

/** A job of a batch. Unknown fields are ignored, so that a newer sender can talk to an older server. */
export const PastJobBody = Type.Object({
  ...NewJobBody.properties,
  state: optional(State),
  start_time: optional(
    Moment('ISO 8601 time of the start; the server’s clock by default; required of a job that has ended'),
  ),
  end_time: optional(
    Moment('ISO 8601 time of the end; required of a job that has ended, not allowed in others'),
  ),
});
type PastJobBody = Wire<typeof PastJobBody>;

/** The most nodes of all jobs of a batch. Writing 100,000 of them takes two seconds. */
export const MAX_BATCH_NODES = MAX_NODES;

const JobBatchBody = Type.Object(
  {
    jobs: Type.Array(PastJobBody, {
      maxItems: MAX_BATCH_JOBS,
      description: `Jobs, past ones included; at most ${MAX_BATCH_NODES} nodes in all`,
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

/**
 * Reads a row of a batch. State and start default to running and now. An ended job must give its start and
 * its end; no time may lie in the future. `validation_error`.
 */
export function readPastJob(row: PastJobBody, nowMs: number): PastJob {
  const { state = 'running', start_time, end_time, ...fields } = row;
  const stamped = start_time === undefined;
  const job = {
    ...readNewJob(fields),
    state,
    startTimeMs: stamped ? nowMs : requirePastTime('start_time', start_time, nowMs),
    ...(stamped && { stamped }),
  };
  if (!hasEnded(state)) {
    if (end_time === undefined) return job;
    throw invalid(`end_time must be left out of a job that is ${state}.`);
  }
  if (stamped || end_time === undefined) {
    const missing = stamped ? 'start_time' : 'end_time';
    throw invalid(`${missing} is required of a job that is ${state}.`);
  }
  const endTimeMs = requirePastTime('end_time', end_time, nowMs);
  if (endTimeMs < job.startTimeMs) {
    throw invalid('end_time must not be before start_time.');
  }
  return { ...job, endTimeMs };
}

/** A job of a batch as a client sends it. */
export interface SentJob extends Omit<PastJob, 'startTimeMs' | 'stamped'> {
  /** The server's clock by default; required of a job that has ended. */
  readonly startTimeMs?: number;
}

export const renderPastJob = (job: SentJob): PastJobBody => ({
  ...renderNewJob(job),
  state: job.state,
  ...(job.startTimeMs !== undefined && { start_time: formatTime(job.startTimeMs) }),
  ...(job.endTimeMs !== undefined && { end_time: formatTime(job.endTimeMs) }),
});

export const CREATE_JOBS = operation({
  id: 'createJobs',
  method: 'POST',
  path: '/v1/jobs/batch',
  tag: 'Jobs',
  access: 'admin',
  summary: 'Create many jobs, past ones included; jobs that are stored already change nothing',
  body: { schema: JobBatchBody, description: BATCH_ENCODINGS },
  answers: { 200: { schema: BatchAnswer, means: 'What is stored, on disk, and what was refused' } },
  errors: WRITE_ERRORS,
  repeatable: 'always',
});
