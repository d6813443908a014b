import { Type } from '@sinclair/typebox';
import { defined } from '../../domain/defined.ts';
import type { ReadingQuery } from '../../domain/store/samples.ts';
import { anyOf, MAX_RUN, queryParameter, RUN, TIME } from '../response/openapi.ts';
import { chooseFormat, ROW_FORMATS } from '../response/table.ts';
import { readQuery } from './query.ts';

const DEFAULT_LIMIT = 1000;
const MAX_LIMIT = 100_000;
const MAX_POINTS = 10_000;
const ORDERS = ['asc', 'desc'] as const;

/** The documented parameters first, in the order of the API reference. */
export const READING_PARAMETERS = [
  queryParameter('start_time', 'Only samples at or after this time', TIME),
  queryParameter('end_time', 'Only samples at or before this time', TIME),
  queryParameter(
    'limit',
    'Most samples to return, the newest ones; CSV and NDJSON give all without it',
    Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
  ),
  queryParameter(
    'node',
    'Only samples of this node of the job',
    Type.String({ minLength: 1, maxLength: 256 }),
  ),
  RUN,
  queryParameter('order', 'Direction of time', { ...anyOf(ORDERS), default: 'asc' }),
  queryParameter(
    'max_points',
    'For plots: all that matches, in at most this many points of equal spans with least, mean and largest value; the limit does not apply. ' +
      'Spans of 15 minutes or more are multiples of 15 minutes, and so are those of more than a million samples over four hours or more',
    Type.Integer({ minimum: 1, maximum: MAX_POINTS }),
  ),
  queryParameter('format', 'Instead of an Accept header', anyOf(ROW_FORMATS)),
];

/** What a request asks of the samples of a job. */
export function readReadingRequest(request: Request) {
  const parameters = readQuery(
    request,
    READING_PARAMETERS.map(({ name }) => name),
  );
  const format = parameters.choice('format', ROW_FORMATS) ?? chooseFormat(request.headers.get('accept'));
  const query = defined<ReadingQuery>({
    fromMs: parameters.time('start_time'),
    toMs: parameters.time('end_time'),
    node: parameters.identity('node'),
    run: parameters.optionalInteger(RUN.name, { min: 1, max: MAX_RUN }),
    order: parameters.choice('order', ORDERS),
  });
  const otherwise = format === 'json' ? DEFAULT_LIMIT : 0;
  return {
    query,
    format,
    /** 0: no limit. */
    limit: parameters.integer('limit', { min: 1, max: MAX_LIMIT, otherwise }),
    /** 0: as they are. */
    maxPoints: parameters.integer('max_points', { min: 1, max: MAX_POINTS, otherwise: 0 }),
  };
}

export type ReadingRequest = ReturnType<typeof readReadingRequest>;
