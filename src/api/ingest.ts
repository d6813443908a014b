import { Type } from '@sinclair/typebox';
import type { Receipt } from '../domain/foreign/series.ts';
import type { Wire } from './field.ts';
import { PROTOBUF } from './media-type.ts';
import { operation } from './operation.ts';

export const RECEIVE_REMOTE_WRITE = operation({
  id: 'receiveRemoteWrite',
  method: 'POST',
  path: '/v1/ingest/remote-write',
  tag: 'Samples',
  access: 'ingest',
  summary:
    'Receive series of other exporters from Prometheus (remote write 1.0); those of docs/ingest.md become samples, and others ' +
    'are counted',
  body: {
    type: PROTOBUF,
    schema: Type.String({ format: 'binary' }),
    description: 'A WriteRequest of remote write 1.0, packed by snappy (Content-Encoding: snappy)',
  },
  answers: { 204: { means: 'Samples that are complete are on disk, and other values wait in memory' } },
  errors: ['invalid_request', 'payload_too_large', 'unsupported_media_type', 'unavailable'],
  repeatable: 'always',
});

const OtlpBody = Type.Object(
  {
    resourceMetrics: Type.Array(Type.Object({}, { additionalProperties: true }), {
      description: 'Gauges and cumulative sums, each with a job and a node among its attributes',
    }),
  },
  {
    additionalProperties: true,
    example: {
      resourceMetrics: [
        {
          resource: { attributes: [{ key: 'host.name', value: { stringValue: 'node01' } }] },
          scopeMetrics: [
            {
              metrics: [
                {
                  name: 'slurm_job_memory_rss',
                  gauge: {
                    dataPoints: [
                      {
                        attributes: [{ key: 'slurmjobid', value: { stringValue: '4711' } }],
                        timeUnixNano: '1768903200000000000',
                        asInt: '4294967296',
                      },
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
    },
  },
);

const OtlpAnswer = Type.Object(
  {
    partialSuccess: Type.Optional(
      Type.Object(
        {
          rejectedDataPoints: Type.String({ description: 'A number, as text' }),
          errorMessage: Type.String({ description: 'What was left out, and why' }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { $id: 'OtlpAnswer', additionalProperties: false },
);

/** Renders what of a request is not stored; `unread` points are of kinds that are not read. */
export function renderOtlp({ leftOut, refused, reason }: Receipt, unread: number): Wire<typeof OtlpAnswer> {
  const parts = [...leftOut].map(([why, count]) => `${why}: ${count}`);
  if (unread > 0) parts.push(`neither a gauge nor a cumulative sum: ${unread}`);
  if (refused > 0) parts.push(`samples that were refused: ${refused}${reason ? ` (${reason})` : ''}`);
  const rejected = [...leftOut.values()].reduce((sum, count) => sum + count, unread + refused);
  if (rejected === 0) return {};
  return { partialSuccess: { rejectedDataPoints: String(rejected), errorMessage: parts.join('; ') } };
}

const OTLP = {
  method: 'POST',
  tag: 'Samples',
  access: 'ingest',
  body: { schema: OtlpBody, description: 'ExportMetricsServiceRequest of OTLP/HTTP in JSON, plain or gzip' },
  answers: {
    200: { schema: OtlpAnswer, means: 'Complete samples are on disk; partialSuccess says what was left out' },
  },
  errors: [
    'invalid_request',
    'validation_error',
    'payload_too_large',
    'unsupported_media_type',
    'unavailable',
  ],
  repeatable: 'always',
} as const;

export const RECEIVE_OTLP = operation({
  ...OTLP,
  id: 'receiveOtlp',
  path: '/v1/ingest/otlp',
  summary: 'Receive series of other exporters from a collector of OpenTelemetry (OTLP/HTTP in JSON)',
});

/** Exporters of OpenTelemetry append `/v1/metrics` to the address that they are given. */
export const RECEIVE_OTLP_METRICS = operation({
  ...OTLP,
  id: 'receiveOtlpMetrics',
  path: '/v1/ingest/otlp/v1/metrics',
  summary: 'The same, because exporters append `/v1/metrics` to the endpoint that they are given',
});
