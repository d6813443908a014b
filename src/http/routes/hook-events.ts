import { type Static, Type } from '@sinclair/typebox';
import { Elysia } from 'elysia';
import { Count, DetailFields, GpuId, MAX_GPU_IDS, optional } from '../../api/detail.ts';
import { Identity, JobId, Moment } from '../../api/identity.ts';
import { JobStateBody } from '../../api/job.ts';
import { AppError } from '../../domain/errors.ts';
import { hasEnded, type JobState, MAX_NODES } from '../../domain/job.ts';
import type { Report } from '../../domain/report.ts';
import type { BatchResult } from '../../domain/store/batch.ts';
import type { TakeReports } from '../../domain/store/runs.ts';
import { requirePastTime } from '../../domain/time.ts';
import { bodyCheck, describeBody } from '../request/body-check.ts';
import { WRITE_ERRORS } from '../response/errors.ts';
import { operation } from '../response/operation.ts';

export interface HookOptions {
  readonly takeReports: TakeReports;
  readonly now: () => number;
  /** The names of lists such as `node[01-04]`, each once; at most 100,000 names in all. `validation_error`. */
  readonly expandLists: (lists: readonly string[]) => readonly string[];
}

const Time = optional(Moment('ISO 8601 time; the server’s clock when left out'));
const Sluid = optional(Identity('Slurm’s key of the run: SLURM_JOB_SLUID'));

/** The scripts of a site may send more than we know. */
const OPEN = { additionalProperties: true };

const JobStartedBody = Type.Object(
  {
    job_id: JobId('Job identifier'),
    user: Identity('User who owns the job'),
    node_list: Type.Array(Type.String(), {
      maxItems: MAX_NODES,
      description: 'The nodes, also in the short form of Slurm: node[01-04]',
    }),
    cpu_allocation: Count('CPUs of the job'),
    gpu_allocation: Count('GPUs of the job'),
    gpu_vendor: optional(Type.String()),
    gpu_devices: optional(
      Type.Array(GpuId, { maxItems: MAX_GPU_IDS, description: 'GPUs of a job with one node' }),
    ),
    cgroup_path: optional(Type.String()),
    sluid: Sluid,
    timestamp: Time,
  },
  {
    ...OPEN,
    example: { job_id: '4711', user: 'alice', node_list: ['node[01-02]', 'node03'], cpu_allocation: 6 },
  },
);

const JobFinishedBody = Type.Object(
  {
    job_id: JobId('Job identifier'),
    final_state: JobStateBody,
    exit_code: DetailFields.exit_code,
    signal: DetailFields.signal,
    sluid: Sluid,
    timestamp: Time,
  },
  { ...OPEN, example: { job_id: '4711', final_state: 'completed', exit_code: 0 } },
);

const checkStart = bodyCheck(JobStartedBody);
const checkFinish = bodyCheck(JobFinishedBody);

const ANSWER = { 200: { schema: 'Processed', means: 'It is on disk' } } as const;

/** Takes what hook scripts post when a job starts and ends. */
export const hooks = ({ takeReports, now, expandLists }: HookOptions) => {
  const momentOf = (timestamp: string | undefined) =>
    timestamp === undefined ? now() : requirePastTime('timestamp', timestamp, now());

  async function take(report: Report, what: string) {
    const result = await takeReports('hook', [report]);
    return {
      status: 'processed',
      job_id: report.id,
      message: requireTaken(result).stored > 0 ? `The ${what} is on disk.` : `The ${what} is known.`,
    };
  }

  return new Elysia({ name: 'hooks', normalize: false, prefix: '/v1/events' })
    .post(
      '/job-started',
      ({ body }) => {
        const start = checkStart(body);
        return take(readStart(start, momentOf(start.timestamp), expandLists), 'start');
      },
      {
        detail: {
          ...operation({
            operationId: 'jobStarted',
            tag: 'Slurm',
            summary: 'What a hook script posts when a job starts',
            answers: ANSWER,
            errors: WRITE_ERRORS,
          }),
          requestBody: describeBody(JobStartedBody),
        },
      },
    )
    .post(
      '/job-finished',
      ({ body }) => {
        const { job_id, final_state, exit_code, signal, sluid, timestamp } = checkFinish(body);
        const timeMs = momentOf(timestamp);
        const exit = { ...(exit_code !== undefined && { exitCode: exit_code }), ...(signal && { signal }) };
        // A script that asked Slurm while the job was on its way out got the state that it was about to leave.
        const byExit = exit_code || signal ? 'failed' : 'completed';
        const state: JobState = hasEnded(final_state) ? final_state : byExit;
        const end = { state, observedMs: timeMs, endTimeMs: timeMs };
        return take(
          { source: 'hook', id: job_id, ...(sluid !== undefined && { sluid }), ...end, ...exit },
          'end',
        );
      },
      {
        detail: {
          ...operation({
            operationId: 'jobFinished',
            tag: 'Slurm',
            summary: 'What a hook script posts when a job ends; provisional until Slurm itself confirms it',
            answers: ANSWER,
            errors: WRITE_ERRORS,
          }),
          requestBody: describeBody(JobFinishedBody),
        },
      },
    );
};

function readStart(
  body: Static<typeof JobStartedBody>,
  timeMs: number,
  expandLists: HookOptions['expandLists'],
): Report {
  const { job_id, user, node_list, cpu_allocation, gpu_allocation, gpu_devices, sluid } = body;
  const nodes = expandLists(node_list);
  const [node, ...others] = nodes;
  const hasDevices = gpu_devices && gpu_devices.length > 0 && node !== undefined && others.length === 0;
  return {
    source: 'hook',
    observedMs: timeMs,
    id: job_id,
    user,
    state: 'running',
    startTimeMs: timeMs,
    isStartRough: true,
    ...(sluid !== undefined && { sluid }),
    ...(node !== undefined && { nodes }),
    ...(cpu_allocation !== undefined && { cpus: cpu_allocation }),
    ...(gpu_allocation !== undefined && { gpus: gpu_allocation }),
    ...(hasDevices && { allocations: [{ node, gpuIds: gpu_devices }] }),
  };
}

function requireTaken(result: BatchResult): BatchResult {
  const [refusal] = result.refusals;
  if (refusal) throw new AppError(refusal.error, refusal.message);
  return result;
}
