import { Type } from '@sinclair/typebox';
import { FIELD_NAMES, GPU_FIELDS } from '../domain/reading-fields.ts';
import type { ReadingQuery } from '../domain/store/samples.ts';
import { ORDERS } from './job-list.ts';
import { MEDIA_TYPE, ROW_FORMATS } from './media-type.ts';
import {
  choiceParameter,
  JOB_ID,
  listParameter,
  operation,
  type Query,
  queryParameter,
  RUN,
  renderTime,
  TimeParameter,
} from './operation.ts';
import { type MeasureQuery, READING_BY, ReadingAnswer } from './reading.ts';
import { SampleAnswer } from './sample.ts';

const total = Type.Integer({
  minimum: 0,
  description: 'All samples that match, those beyond the limit included',
});

/** The answer without `fields` and `by`. */
export const SampleListAnswer = Type.Object(
  { job_id: Type.String(), samples: Type.Array(SampleAnswer), total },
  { additionalProperties: false },
);

/** The answer with any `fields`. */
export const ReadingListAnswer = Type.Object(
  { job_id: Type.String(), samples: Type.Array(ReadingAnswer), total },
  { $id: 'SampleList', additionalProperties: false },
);

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
  listParameter(
    'fields',
    'What each row has, separated by commas and in this order: the documented values, and the further measures of docs/measures.md. ' +
      'A row lacks what was not measured then; one without any of the fields has its time and node only. ' +
      'By default cpu_usage, memory_usage_mb and gpu_usage; with by=gpu all measures of GPUs',
    FIELD_NAMES,
  ),
  choiceParameter(
    'by',
    `One row for each GPU of each node at each time, with its UUID as gpu; fields are of ${GPU_FIELDS.join(', ')}`,
    READING_BY,
  ),
  choiceParameter('format', 'Instead of an Accept header', ROW_FORMATS),
];

/** Writes a query for samples as query parameters. */
export const renderReadingQuery = ({
  fromMs,
  toMs,
  node,
  run,
  order,
  by,
  fields,
}: Omit<ReadingQuery, 'codes'> & Partial<MeasureQuery>): Query => ({
  start_time: renderTime(fromMs),
  end_time: renderTime(toMs),
  node,
  run: run?.toString(),
  order,
  by,
  fields: fields?.join(','),
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
      schema: ReadingListAnswer,
      means: 'The samples',
      also: { [MEDIA_TYPE.csv]: Type.String(), [MEDIA_TYPE.ndjson]: Type.String() },
    },
  },
  errors: ['validation_error', 'not_found', 'unavailable'],
  repeatable: 'always',
});
