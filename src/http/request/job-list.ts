import {
  DEFAULT_JOBS,
  DETAIL_PARAMETERS,
  LIST_PARAMETERS,
  MAX_JOBS,
  ORDERS,
  REPEATABLE,
  SORT_NAMES,
  SORTS,
} from '../../api/job-list.ts';
import { JOB_RANGES } from '../../api/job-range.ts';
import { ROW_FORMATS, type RowFormat } from '../../api/media-type.ts';
import { defined } from '../../domain/defined.ts';
import { invalid } from '../../domain/errors.ts';
import { FINDING_KINDS } from '../../domain/finding/judge.ts';
import { SEVERITIES } from '../../domain/finding/severity.ts';
import { JOB_STATES } from '../../domain/job.ts';
import type { JobFilter, JobOrder, JobRanges, ListStart } from '../../domain/list.ts';
import { isNodeList, splitLists } from '../../domain/nodelist.ts';
import { chooseFormat } from './accept.ts';
import { readCursor } from './cursor.ts';
import { readQuery } from './query.ts';

/** The parameters of a request for a list of jobs. */
export interface ListRequest {
  readonly filter: JobFilter;
  readonly start: ListStart & { readonly order: JobOrder; readonly offset: number; readonly nowMs: number };
  readonly format: RowFormat;
  /** Undefined for a list without pages, which goes on to its end. */
  readonly limit: number | undefined;
  /** The filter as text, for cursors. */
  readonly filterKey: string;
}

function readDetailFilter(query: ReturnType<typeof readQuery>): JobFilter['details'] {
  const details = DETAIL_PARAMETERS.flatMap(({ key, name }) => {
    const values = query.identities(name);
    return values ? [[key, values]] : [];
  });
  return details.length === 0 ? undefined : Object.fromEntries(details);
}

function readRanges(query: ReturnType<typeof readQuery>): JobRanges | undefined {
  const ranges = JOB_RANGES.flatMap(({ figure, name, written }) => {
    const read = (side: 'min' | 'max') => {
      const parameter = `${side}_${name}`;
      if (written.kind === 'duration') return query.duration(parameter);
      const bounds = { min: 0, max: written.most };
      return written.kind === 'count'
        ? query.optionalInteger(parameter, bounds)
        : query.decimal(parameter, bounds);
    };
    const range = defined({ min: read('min'), max: read('max') });
    if (range.min! > range.max!) throw invalid(`min_${name} must not be greater than max_${name}.`);
    return Object.keys(range).length > 0 ? [[figure, range]] : [];
  });
  return ranges.length === 0 ? undefined : Object.fromEntries(ranges);
}

/** Reads the parameters of a request for a list of jobs. Throws `validation_error`. */
export function readListRequest(request: Request, nowMs: number): ListRequest {
  const query = readQuery(
    request,
    LIST_PARAMETERS.map(({ name }) => name),
    REPEATABLE,
  );
  const filter = defined<JobFilter>({
    state: query.choices('state', JOB_STATES),
    user: query.identities('user'),
    node: query.identities('node', { split: splitLists, isValid: isNodeList }),
    sinceMs: query.time('since'),
    untilMs: query.time('until'),
    ranges: readRanges(query),
    text: query.identity('q'),
    details: readDetailFilter(query),
    finding: query.choices('finding', FINDING_KINDS),
    severity: query.choices('severity', SEVERITIES),
    sluid: query.identities('sluid')?.flatMap((text) => text.split(',')),
  });
  const order: JobOrder = {
    sort: SORTS[query.choice('sort', SORT_NAMES) ?? 'start_time'],
    isAscending: query.choice('order', ORDERS) === 'asc',
  };
  const format = query.choice('format', ROW_FORMATS) ?? chooseFormat(request.headers.get('accept'));
  const max = format === 'json' ? MAX_JOBS : Number.MAX_SAFE_INTEGER;
  const limit = query.integer('limit', { min: 1, max, otherwise: DEFAULT_JOBS });
  const offset = query.integer('offset', { min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 });
  const cursor = query.text('cursor', 4096);
  if (cursor !== undefined && query.has('offset')) {
    throw invalid('cursor and offset cannot be combined; give only one of them.');
  }
  const filterKey = JSON.stringify(filter);
  return {
    filter,
    start: {
      order,
      offset,
      nowMs,
      ...(cursor !== undefined && readCursor(cursor, order, filterKey)),
    },
    format,
    limit: format === 'json' || query.has('limit') ? limit : undefined,
    filterKey,
  };
}
