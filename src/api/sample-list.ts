import { Type } from '@sinclair/typebox';
import type { ReadingQuery } from '../domain/store/samples.ts';
import type { Wire } from './field.ts';
import { ORDERS } from './job-list.ts';
import { MEDIA_TYPE, ROW_FORMATS } from './media-type.ts';
import {
  choiceParameter,
  JOB_ID,
  operation,
  type Query,
  queryParameter,
  RUN,
  renderTime,
  TimeParameter,
} from './operation.ts';
import { SampleAnswer } from './sample.ts';

export const SampleListAnswer = Type.Object(
  {
    job_id: Type.String(),
    samples: Type.Array(SampleAnswer),
    total: Type.Integer({
      minimum: 0,
      description: 'All samples that match, those beyond the limit included',
    }),
  },
  { $id: 'SampleList', additionalProperties: false },
);
export type SampleListAnswer = Wire<typeof SampleListAnswer>;

/** Samples of one answer of JSON. */
export const DEFAULT_SAMPLES = 1000;
export const MAX_SAMPLES = 100_000;
export const MAX_POINTS = 10_000;

/** The parameters of the API reference come first, in its order. */
export const READING_PARAMETERS = [
  queryParameter('start_time', 'Only samples at or after this time', TimeParameter),
  queryParameter('end_time', 'Only samples at or before this time', TimeParameter),
  queryParameter(
    'limit',
    'The newest samples to return; CSV and NDJSON contain all without it',
    Type.Integer({ minimum: 1, maximum: MAX_SAMPLES, default: DEFAULT_SAMPLES }),
  ),
  queryParameter(
    'node',
    'Only samples of this node of the job',
    Type.String({ minLength: 1, maxLength: 256 }),
  ),
  RUN,
  choiceParameter('order', 'Direction of time', ORDERS, 'asc'),
  queryParameter(
    'max_points',
    'For plots: summarizes all samples that match in at most this many points of equal spans, with minimum, mean and maximum; limit ' +
      'does not apply. Spans of 15 minutes or more are multiples of 15 minutes, and so are those of more than a million samples over four hours or more',
    Type.Integer({ minimum: 1, maximum: MAX_POINTS }),
  ),
  choiceParameter('format', 'Instead of an Accept header', ROW_FORMATS),
];

/** Writes a query for samples as query parameters. */
export const renderReadingQuery = ({ fromMs, toMs, node, run, order }: ReadingQuery): Query => ({
  start_time: renderTime(fromMs),
  end_time: renderTime(toMs),
  node,
  run: run?.toString(),
  order,
});

export const LIST_SAMPLES = operation({
  id: 'listSamples',
  method: 'GET',
  path: '/v1/jobs/:jobId/metrics',
  tag: 'Samples',
  access: 'read',
  summary: 'List the samples of a job in ascending order; the newest ones if more match than the limit',
  parameters: [JOB_ID, ...READING_PARAMETERS],
  answers: {
    200: {
      schema: SampleListAnswer,
      means: 'The samples',
      also: { [MEDIA_TYPE.csv]: Type.String(), [MEDIA_TYPE.ndjson]: Type.String() },
    },
  },
  errors: ['validation_error', 'not_found', 'unavailable'],
  repeatable: 'always',
});
