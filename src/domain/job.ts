import { type Static, Type } from '@sinclair/typebox';
import { DetailFields, type JobDetails, optional, readDetails } from './detail.ts';
import { AppError } from './errors.ts';
import { Identity } from './identity.ts';
import { requirePastTime } from './time.ts';

export const JOB_STATES = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

export const MAX_NODES = 100_000;
/** 2^33 MB is 8 PB: above any node, below the point where bytes leave the exact integers of a double. */
export const MAX_MEMORY_MB = 2 ** 33;

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
    // "." and ".." vanish from a URL's path, however they are encoded.
    id: { ...Identity('Unique job identifier'), pattern: '^(?!\\.\\.?$)' } as ReturnType<typeof Identity>,
    user: Identity('User who owns the job'),
    nodes: Type.Array(Identity('Node name'), {
      minItems: 1,
      maxItems: MAX_NODES,
      uniqueItems: true,
      description: 'Compute nodes of the job; the first one owns samples that name no node',
    }),
    ...DetailFields,
  },
  { additionalProperties: false },
);

/** A job that is to be made. */
export interface NewJob {
  readonly id: string;
  readonly user: string;
  readonly nodes: readonly string[];
  readonly details?: JobDetails;
}

const PastTime = (description: string) => optional(Type.String({ description }));

/** A job of a batch. Unknown fields are ignored, so that a newer sender can talk to an older server. */
export const PastJobBody = Type.Object({
  ...NewJobBody.properties,
  state: optional(JobStateBody),
  start_time: PastTime(
    'ISO 8601 time of the start; the server’s clock when left out, which an ended job may not',
  ),
  end_time: PastTime('ISO 8601 time of the end; required of a job that has ended, and of no other'),
});

export const MAX_BATCH_JOBS = 10_000;
/** As many as one job may have: they take the disk two seconds, and everybody else waits for that long. */
export const MAX_BATCH_NODES = MAX_NODES;

export const JobBatchBody = Type.Object({
  jobs: Type.Array(PastJobBody, {
    maxItems: MAX_BATCH_JOBS,
    description: `Jobs, which may have started and ended before; at most ${MAX_BATCH_NODES} nodes in all`,
  }),
});

export const JobPatchBody = Type.Object(
  {
    state: optional(JobStateBody),
    cpu_usage: optional(CpuUsage),
    memory_usage_mb: optional(MemoryUsage),
    gpu_usage: optional(GpuUsage),
    ...DetailFields,
  },
  { additionalProperties: false },
);

/** What of a job is to change; only what is given. */
export interface JobPatch {
  readonly state?: JobState;
  readonly cpuUsage?: number;
  readonly memoryUsageMb?: number;
  readonly gpuUsage?: number;
  readonly details?: JobDetails;
}

/** A job as it is known; times in milliseconds since 1970, usage in percent. */
export interface Job {
  readonly id: string;
  readonly user: string;
  /** None while the scheduler has assigned none. */
  readonly nodes: readonly string[];
  readonly state: JobState;
  /** Absent while the scheduler has not started it. */
  readonly startTimeMs?: number;
  /** Present exactly when the job has ended. */
  readonly endTimeMs?: number;
  readonly cpuUsage: number;
  readonly memoryUsageMb: number;
  /** Absent until somebody measured it. */
  readonly gpuUsage?: number;
  readonly details?: JobDetails;
  /** Of an end that a scheduler told: false while it is only a guess from an exit code or from the job's absence. */
  readonly isEndConfirmed?: boolean;
}

/** A job that is loaded with its past, as a site does when it moves in. */
export interface PastJob extends NewJob {
  readonly state: JobState;
  readonly startTimeMs: number;
  /** The start is the server's own clock, so a repeat may have another. */
  readonly stamped?: boolean;
  /** Present exactly when the state is an end. */
  readonly endTimeMs?: number;
}

/** The part of a job that a state change moves. */
export interface JobLife {
  readonly state: JobState;
  readonly startTimeMs: number;
  readonly endTimeMs: number | null;
}

export const hasEnded = (state: JobState): boolean => state !== 'pending' && state !== 'running';

/**
 * The life of a job after it moved to `state` at `nowMs`: an end sets the end time, never before the start even if the
 * clock went back; a job that had ended keeps its end time when only the verdict changes; going back to pending or
 * running clears it.
 */
export function changeState(life: JobLife, state: JobState, nowMs: number): JobLife {
  if (!hasEnded(state)) return { ...life, state, endTimeMs: null };
  return { ...life, state, endTimeMs: life.endTimeMs ?? Math.max(nowMs, life.startTimeMs) };
}

/** Seconds from start to end of an ended job, or to now; never negative. */
export function runtimeSeconds(
  startTimeMs: number,
  endTimeMs: number | null | undefined,
  nowMs: number,
): number {
  return Math.max(0, (endTimeMs ?? nowMs) - startTimeMs) / 1000;
}

/** The counts of jobs by state, all five present. */
export type StateCounts = Record<JobState, number>;

/**
 * The job that a row of a batch describes. Left out, the state is running and the start is now. A job that has ended has
 * to say when it started and ended; no time may lie in the future. `validation_error`.
 */
export function readPastJob(row: Static<typeof PastJobBody>, nowMs: number): PastJob {
  const { id, user, nodes, state = 'running', start_time, end_time, ...fields } = row;
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

/** Whether a job of a batch says nothing but what is known of the job with its id. */
export function isRepeat(given: PastJob, known: Job): boolean {
  return (
    given.user === known.user &&
    given.state === known.state &&
    (given.stamped === true || given.startTimeMs === known.startTimeMs) &&
    given.endTimeMs === known.endTimeMs &&
    Object.entries(given.details ?? {}).every(
      ([key, value]) => JSON.stringify(value) === JSON.stringify(known.details?.[key as keyof JobDetails]),
    ) &&
    given.nodes.length === known.nodes.length &&
    given.nodes.every((node, position) => node === known.nodes[position])
  );
}
