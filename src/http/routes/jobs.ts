import { Type } from '@sinclair/typebox';
import { Elysia } from 'elysia';
import { DetailFields, readDetails, renderDetails } from '../../api/detail.ts';
import { JobPatchBody, NewJobBody, requireDistinct } from '../../api/job.ts';
import { defined } from '../../domain/defined.ts';
import { hasEnded, type Job, type JobPatch, runtimeSeconds } from '../../domain/job.ts';
import type { JobStore } from '../../domain/store/jobs.ts';
import { formatTime } from '../../domain/time.ts';
import { bodyCheck, describeBody } from '../request/body-check.ts';
import { writeCursor } from '../request/cursor.ts';
import { LIST_PARAMETERS, readListRequest } from '../request/job-list.ts';
import { sendJson, sendText } from '../response/download.ts';
import { WRITE_ERRORS } from '../response/errors.ts';
import { JOB_ID } from '../response/openapi.ts';
import { operation } from '../response/operation.ts';
import { MEDIA_TYPE, renderRows } from '../response/table.ts';

/** A job as the API shows it. */
export function renderJob(job: Job) {
  return {
    id: job.id,
    user: job.user,
    nodes: job.nodes,
    state: job.state,
    ...(job.startTimeMs !== undefined && { start_time: formatTime(job.startTimeMs) }),
    ...(hasEnded(job.state) &&
      job.endTimeMs !== undefined && {
        end_time: formatTime(job.endTimeMs),
        // What never started ran for no time.
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
  };
}

/** The columns of CSV: what `renderJob` may give. */
const COLUMNS = [
  'id',
  'user',
  'nodes',
  'state',
  'start_time',
  'end_time',
  'runtime_seconds',
  'cpu_usage',
  'memory_usage_mb',
  'gpu_usage',
  'usage_time',
  ...Object.keys(DetailFields).filter((field) => field !== 'allocations'),
  'state_confirmed',
];

async function* rowsOf(batches: AsyncIterable<Job[]>) {
  for await (const batch of batches) yield batch.map(renderJob);
}

/** A page of jobs as parts of JSON: one with the nodes of a large job may be long, and ten thousand jobs are. */
async function* pageParts(jobs: readonly Job[], rest: Readonly<Record<string, unknown>>) {
  yield '{"jobs":[';
  let comma = '';
  for (const job of jobs) {
    yield comma + JSON.stringify(renderJob(job));
    comma = ',';
  }
  yield `],${JSON.stringify(rest).slice(1)}`;
}

const checkNewJob = bodyCheck(NewJobBody);
const checkPatch = bodyCheck(JobPatchBody);

/** Creates, lists, reads, updates and deletes jobs. */
export const jobs = ({ store, now }: { store: JobStore; now: () => number }) =>
  new Elysia({ name: 'jobs', prefix: '/v1/jobs', normalize: false })
    .get(
      '',
      async ({ request, set }) => {
        const { filter, start, format, limit, filterKey } = readListRequest(request, now());
        set.headers.vary = 'accept';
        if (format !== 'json') {
          const wanted = { ...start, ...(limit !== undefined && { limit }) };
          const rows = rowsOf(store.streamJobs(filter, wanted, request.signal));
          return sendText(renderRows(rows, format, COLUMNS), {
            'content-type': `${MEDIA_TYPE[format]}; charset=utf-8`,
          });
        }
        const page = { ...start, limit: limit! };
        const { jobs: found, total, next } = await store.listJobs(filter, page, request.signal);
        const nextCursor = next && writeCursor({ after: next, nowMs: start.nowMs }, start.order, filterKey);
        return sendJson(
          pageParts(found, {
            total,
            limit,
            offset: start.offset,
            ...(nextCursor !== undefined && { next_cursor: nextCursor }),
          }),
        );
      },
      {
        detail: operation({
          operationId: 'listJobs',
          tag: 'Jobs',
          summary: 'List jobs, newest start first unless sorted otherwise',
          parameters: LIST_PARAMETERS,
          answers: {
            200: {
              schema: 'JobList',
              also: { [MEDIA_TYPE.csv]: Type.String(), [MEDIA_TYPE.ndjson]: Type.String() },
              means:
                'A page of jobs; as CSV (nodes with blanks between them, texts that a spreadsheet would run with an apostrophe before them) or NDJSON all of them, row by row',
            },
          },
          errors: ['validation_error', 'unavailable'],
        }),
      },
    )
    .post(
      '',
      async ({ body, set }) => {
        const { id, user, nodes, ...fields } = checkNewJob(body);
        requireDistinct(nodes);
        const details = readDetails(fields);
        const job = await store.createJob({ id, user, nodes, ...(details && { details }) }, now());
        set.status = 201;
        return renderJob(job);
      },
      {
        detail: {
          ...operation({
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
          requestBody: describeBody(NewJobBody),
        },
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
      async ({ params: { jobId }, body }) => {
        const { state, cpu_usage, memory_usage_mb, gpu_usage, ...fields } = checkPatch(body);
        const patch = defined<JobPatch>({
          state,
          cpuUsage: cpu_usage,
          memoryUsageMb: memory_usage_mb,
          gpuUsage: gpu_usage,
          details: readDetails(fields),
        });
        return renderJob(await store.updateJob(jobId, patch, now()));
      },
      {
        detail: {
          ...operation({
            operationId: 'updateJob',
            tag: 'Jobs',
            summary: 'Change the state or the usage of a job; only what is given changes',
            parameters: [JOB_ID],
            answers: { 200: { schema: 'Job', means: 'The job after the change, on disk' } },
            errors: [...WRITE_ERRORS, 'not_found'],
          }),
          requestBody: describeBody(JobPatchBody),
        },
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
