import { Type } from '@sinclair/typebox';
import { Elysia } from 'elysia';
import {
  hasEnded,
  JOB_STATES,
  type Job,
  JobPatchBody,
  JobStateBody,
  NewJobBody,
  runtimeSeconds,
} from '../domain/job.ts';
import type { Store } from '../domain/store.ts';
import { formatTime } from '../domain/time.ts';
import { JOB_ID, operation, queryParameter } from './document.ts';
import { defined, readQuery } from './query.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/** A job as the API shows it. */
export function renderJob(job: Job) {
  return {
    id: job.id,
    user: job.user,
    nodes: job.nodes,
    state: job.state,
    start_time: formatTime(job.startTimeMs),
    ...(hasEnded(job.state) &&
      job.endTimeMs !== undefined && {
        end_time: formatTime(job.endTimeMs),
        runtime_seconds: runtimeSeconds(job.startTimeMs, job.endTimeMs, job.endTimeMs),
      }),
    cpu_usage: job.cpuUsage,
    memory_usage_mb: job.memoryUsageMb,
    ...(job.gpuUsage !== undefined && { gpu_usage: job.gpuUsage }),
  };
}

/** Creates, lists, reads, updates and deletes jobs. */
export const jobs = ({ store, now }: { store: Store; now: () => number }) =>
  new Elysia({ name: 'jobs', prefix: '/v1/jobs', normalize: false })
    .get(
      '',
      async ({ request }) => {
        const query = readQuery(request, ['state', 'user', 'node', 'limit', 'offset']);
        const filter = defined({
          state: query.choice('state', JOB_STATES),
          user: query.identity('user'),
          node: query.identity('node'),
        });
        const limit = query.integer('limit', { min: 1, max: MAX_LIMIT, otherwise: DEFAULT_LIMIT });
        const offset = query.integer('offset', { min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 });
        const { jobs: page, total } = await store.listJobs(filter, { limit, offset });
        return { jobs: page.map(renderJob), total, limit, offset };
      },
      {
        detail: operation({
          operationId: 'listJobs',
          tag: 'Jobs',
          summary: 'List jobs, newest start first',
          parameters: [
            queryParameter('state', 'Only jobs in this state', JobStateBody),
            queryParameter('user', 'Only jobs of this user', Type.String({ minLength: 1, maxLength: 256 })),
            queryParameter(
              'node',
              'Only jobs that have this node',
              Type.String({ minLength: 1, maxLength: 256 }),
            ),
            queryParameter(
              'limit',
              'Jobs on a page',
              Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
            ),
            queryParameter('offset', 'Jobs to skip', Type.Integer({ minimum: 0, default: 0 })),
          ],
          answers: { 200: { schema: 'JobList', means: 'A page of jobs' } },
          errors: ['validation_error', 'unavailable'],
        }),
      },
    )
    .post(
      '',
      async ({ body, set }) => {
        const job = await store.createJob(body, now());
        set.status = 201;
        return renderJob(job);
      },
      {
        body: NewJobBody,
        detail: operation({
          operationId: 'createJob',
          tag: 'Jobs',
          summary: 'Create a job that runs from now on',
          answers: { 201: { schema: 'Job', means: 'The job, on disk' } },
          errors: [
            'invalid_request',
            'validation_error',
            'conflict',
            'payload_too_large',
            'unsupported_media_type',
            'unavailable',
          ],
        }),
      },
    )
    .get('/:jobId', async ({ params: { jobId } }) => renderJob(await store.getJob(jobId)), {
      detail: operation({
        operationId: 'getJob',
        tag: 'Jobs',
        summary: 'Read one job',
        parameters: [JOB_ID],
        answers: { 200: { schema: 'Job', means: 'The job' } },
        errors: ['not_found', 'unavailable'],
      }),
    })
    .patch(
      '/:jobId',
      async ({ params: { jobId }, body: { state, cpu_usage, memory_usage_mb, gpu_usage } }) => {
        const patch = defined({
          state,
          cpuUsage: cpu_usage,
          memoryUsageMb: memory_usage_mb,
          gpuUsage: gpu_usage,
        });
        return renderJob(await store.updateJob(jobId, patch, now()));
      },
      {
        body: JobPatchBody,
        detail: operation({
          operationId: 'updateJob',
          tag: 'Jobs',
          summary: 'Change the state or the usage of a job; only what is given changes',
          parameters: [JOB_ID],
          answers: { 200: { schema: 'Job', means: 'The job after the change, on disk' } },
          errors: [
            'invalid_request',
            'validation_error',
            'not_found',
            'payload_too_large',
            'unsupported_media_type',
            'unavailable',
          ],
        }),
      },
    )
    .delete(
      '/:jobId',
      async ({ params: { jobId }, set }) => {
        await store.deleteJob(jobId);
        set.status = 204;
      },
      {
        detail: operation({
          operationId: 'deleteJob',
          tag: 'Jobs',
          summary: 'Remove a job and its samples',
          parameters: [JOB_ID],
          answers: { 204: { means: 'The job is gone' } },
          errors: ['not_found', 'unavailable'],
        }),
      },
    );
