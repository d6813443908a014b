import { Type } from '@sinclair/typebox';
import { Elysia } from 'elysia';
import { type Sample, SampleBody } from '../domain/sample.ts';
import type { Store } from '../domain/store.ts';
import { formatTime, requirePastTime } from '../domain/time.ts';
import { JOB_ID, operation, queryParameter } from './document.ts';
import { defined, readQuery } from './query.ts';

const DEFAULT_LIMIT = 1000;
const MAX_LIMIT = 100_000;

/** A sample as the API shows it. */
function renderSample({ timeMs, node, cpuUsage, memoryUsageMb, gpuUsage }: Sample & { node?: string }) {
  return {
    timestamp: formatTime(timeMs),
    ...(node !== undefined && { node }),
    cpu_usage: cpuUsage,
    memory_usage_mb: memoryUsageMb,
    ...(gpuUsage !== undefined && { gpu_usage: gpuUsage }),
  };
}

/** Records and lists the samples of a job. */
export const samples = ({ store, now }: { store: Store; now: () => number }) =>
  new Elysia({ name: 'samples', prefix: '/v1/jobs/:jobId/metrics', normalize: false })
    .get(
      '',
      async ({ params: { jobId }, request }) => {
        const query = readQuery(request, ['start_time', 'end_time', 'limit']);
        const range = defined({ fromMs: query.time('start_time'), toMs: query.time('end_time') });
        const limit = query.integer('limit', { min: 1, max: MAX_LIMIT, otherwise: DEFAULT_LIMIT });
        const found = await store.listSamples(jobId, range, limit);
        return { job_id: jobId, samples: found.samples.map(renderSample), total: found.total };
      },
      {
        detail: operation({
          operationId: 'listSamples',
          tag: 'Samples',
          summary: 'List the samples of a job, ascending; the newest ones when more match than the limit',
          parameters: [
            JOB_ID,
            queryParameter(
              'start_time',
              'Only samples at or after this time',
              Type.String({ format: 'date-time' }),
            ),
            queryParameter(
              'end_time',
              'Only samples at or before this time',
              Type.String({ format: 'date-time' }),
            ),
            queryParameter(
              'limit',
              'Most samples to return',
              Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
            ),
          ],
          answers: { 200: { schema: 'SampleList', means: 'The samples' } },
          errors: ['validation_error', 'not_found', 'unavailable'],
        }),
      },
    )
    .post(
      '',
      async ({ params: { jobId }, body, set }) => {
        const {
          timestamp,
          node,
          cpu_usage: cpuUsage,
          memory_usage_mb: memoryUsageMb,
          gpu_usage: gpuUsage,
        } = body;
        const nowMs = now();
        const timeMs = timestamp === undefined ? nowMs : requirePastTime('timestamp', timestamp, nowMs);
        const sample = {
          timeMs,
          cpuUsage,
          memoryUsageMb,
          ...(gpuUsage !== undefined && { gpuUsage }),
          ...(node !== undefined && { node }),
        };
        await store.recordSample(jobId, { ...sample, stamped: timestamp === undefined });
        set.status = 201;
        return renderSample(sample);
      },
      {
        body: SampleBody,
        detail: operation({
          operationId: 'recordSample',
          tag: 'Samples',
          summary: 'Record a sample, which becomes the current usage of the job',
          parameters: [JOB_ID],
          answers: { 201: { schema: 'Sample', means: 'The sample, on disk' } },
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
    );
