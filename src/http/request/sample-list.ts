import { ORDERS } from '../../api/job-list.ts';
import { ROW_FORMATS } from '../../api/media-type.ts';
import { MAX_RUN, RUN } from '../../api/operation.ts';
import { READING_BY } from '../../api/reading.ts';
import { DEFAULT_SAMPLES, MAX_POINTS, MAX_SAMPLES, READING_PARAMETERS } from '../../api/sample-list.ts';
import { defined } from '../../domain/defined.ts';
import { chooseFields, codesOf, defaultFields } from '../../domain/reading-fields.ts';
import type { ReadingQuery } from '../../domain/store/samples.ts';
import { chooseFormat } from './accept.ts';
import { readQuery } from './query.ts';

/** All names together are shorter. */
const MAX_FIELDS_LENGTH = 2000;

/** Reads the parameters of a request for a job's samples. Throws `validation_error`. */
export function readReadingRequest(request: Request) {
  const parameters = readQuery(
    request,
    READING_PARAMETERS.map(({ name }) => name),
  );
  const format = parameters.choice('format', ROW_FORMATS) ?? chooseFormat(request.headers.get('accept'));
  const by = parameters.choice('by', READING_BY);
  const names = parameters.text('fields', MAX_FIELDS_LENGTH)?.split(',');
  const fields = names ? chooseFields(names, by) : defaultFields(by);
  const codes = codesOf(fields);
  const query = defined<ReadingQuery>({
    fromMs: parameters.time('start_time'),
    toMs: parameters.time('end_time'),
    node: parameters.identity('node'),
    run: parameters.optionalInteger(RUN.name, { min: 1, max: MAX_RUN }),
    order: parameters.choice('order', ORDERS),
    by,
    codes: codes.length > 0 ? codes : undefined,
  });
  const otherwise = format === 'json' ? DEFAULT_SAMPLES : 0;
  return {
    query,
    /** In the order in which rows have them. */
    fields,
    format,
    /** 0 means no limit. */
    limit: parameters.integer('limit', { min: 1, max: MAX_SAMPLES, otherwise }),
    /** 0 means single samples. */
    maxPoints: parameters.integer('max_points', { min: 1, max: MAX_POINTS, otherwise: 0 }),
  };
}

export type ReadingRequest = ReturnType<typeof readReadingRequest>;
