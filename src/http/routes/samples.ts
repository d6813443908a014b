import { Type } from '@sinclair/typebox';
import { Elysia } from 'elysia';
import { SampleBody } from '../../api/sample.ts';
import type { Sample } from '../../domain/sample.ts';
import type { SampleStore } from '../../domain/store/samples.ts';
import { formatTime, requirePastTime } from '../../domain/time.ts';
import { bodyCheck, describeBody } from '../request/body-check.ts';
import { READING_PARAMETERS, readReadingRequest } from '../request/sample-list.ts';
import { WRITE_ERRORS } from '../response/errors.ts';
import { JOB_ID } from '../response/openapi.ts';
import { operation } from '../response/operation.ts';
import { sendReadings } from '../response/sample-text.ts';
import { MEDIA_TYPE } from '../response/table.ts';

const renderSample = ({ timeMs, node, cpuUsage, memoryUsageMb, gpuUsage }: Sample & { node?: string }) => ({
  timestamp: formatTime(timeMs),
  ...(node !== undefined && { node }),
  cpu_usage: cpuUsage,
  memory_usage_mb: memoryUsageMb,
  ...(gpuUsage !== undefined && { gpu_usage: gpuUsage }),
});

const checkSample = bodyCheck(SampleBody);

/** Records and lists the samples of a job. */
export const samples = ({ store, now }: { store: SampleStore; now: () => number }) =>
  new Elysia({ name: 'samples', prefix: '/v1/jobs/:jobId/metrics', normalize: false })
    .get(
      '',
      ({ params: { jobId }, request }) =>
        sendReadings(store, jobId, { ...readReadingRequest(request), signal: request.signal }),
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
        } = checkSample(body);
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
        detail: {
          ...operation({
            operationId: 'recordSample',
            tag: 'Samples',
            summary: 'Record a sample, which becomes the current usage of the job',
            parameters: [JOB_ID],
            answers: { 201: { schema: 'Sample', means: 'The sample, on disk' } },
            errors: [...WRITE_ERRORS, 'not_found'],
          }),
          requestBody: describeBody(SampleBody),
        },
      },
    );
