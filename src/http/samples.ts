import { Type } from '@sinclair/typebox';
import { Elysia } from 'elysia';
import type { Store } from '../domain/store.ts';
import { requirePastTime } from '../domain/time.ts';
import { JOB_ID, operation } from './document.ts';
import {
  bucketReadings,
  READING_COLUMNS,
  READING_PARAMETERS,
  readReadingRequest,
  renderReading,
  streamReadings,
} from './readings.ts';
import { MEDIA_TYPE, streamRows } from './rows.ts';
import { SampleBody } from './schema/sample.ts';

/** Records and lists the samples of a job. */
export const samples = ({ store, now }: { store: Store; now: () => number }) =>
  new Elysia({ name: 'samples', prefix: '/v1/jobs/:jobId/metrics', normalize: false })
    .get(
      '',
      async ({ params: { jobId }, request, set }) => {
        const wanted = readReadingRequest(request);
        set.headers.vary = 'accept';
        if (wanted.format !== 'json') {
          return streamRows(streamReadings(store, jobId, wanted), wanted.format, READING_COLUMNS);
        }
        if (wanted.maxPoints > 0) {
          const { points, spanMs, total } = await bucketReadings(store, jobId, wanted);
          return { job_id: jobId, samples: points.map((point) => renderReading(point, spanMs)), total };
        }
        const { samples: found, total } = await store.listSamples(jobId, wanted.query, wanted.limit);
        return { job_id: jobId, samples: found.map((reading) => renderReading(reading)), total };
      },
      {
        detail: operation({
          operationId: 'listSamples',
          tag: 'Samples',
          summary: 'List the samples of a job, ascending; the newest ones when more match than the limit',
          parameters: [JOB_ID, ...READING_PARAMETERS],
          answers: {
            200: {
              schema: 'SampleList',
              means: 'The samples',
              also: { [MEDIA_TYPE.csv]: Type.String(), [MEDIA_TYPE.ndjson]: Type.String() },
            },
          },
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
        return renderReading(sample);
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
