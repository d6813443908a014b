import { Type } from '@sinclair/typebox';
import { fieldOf } from '../../api/detail.ts';
import { defined } from '../../domain/defined.ts';
import type { FilterDetail } from '../../domain/detail.ts';
import { AppError } from '../../domain/errors.ts';
import { JOB_STATES } from '../../domain/job.ts';
import type { JobFilter, JobOrder, JobSort, ListStart } from '../../domain/list.ts';
import { anyOf, queryParameter, TIME } from '../response/openapi.ts';
import { chooseFormat, ROW_FORMATS, type RowFormat } from '../response/table.ts';
import { readCursor } from './cursor.ts';
import { readQuery } from './query.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

const Names = Type.String({ minLength: 1 });
const NAMES = 'several with commas between them; for a name that has a comma itself, repeat the parameter';

const SORTS = {
  start_time: 'startTime',
  end_time: 'endTime',
  runtime: 'runtime',
  cpu_usage: 'cpuUsage',
  memory_usage: 'memoryUsage',
  gpu_usage: 'gpuUsage',
} as const satisfies Record<string, JobSort>;
const SORT_NAMES = Object.keys(SORTS) as (keyof typeof SORTS)[];

const DETAIL_FILTERS: Record<FilterDetail, string> = {
  account: 'jobs of this account',
  partition: 'jobs of this partition',
  qos: 'jobs of this quality of service',
  name: 'jobs with this name, as a whole',
  arrayJobId: 'tasks of this job array',
  cluster: 'jobs of this cluster',
};

/** The parameters that filter by details. */
const DETAIL_PARAMETERS = (Object.keys(DETAIL_FILTERS) as FilterDetail[]).map((key) => ({
  key,
  name: fieldOf(key)!,
  means: DETAIL_FILTERS[key],
}));

/** The documented parameters first, in the order of the API reference. */
export const LIST_PARAMETERS = [
  queryParameter(
    'state',
    `Only jobs in this state, or in one of several with commas between them: ${JOB_STATES.join(', ')}`,
    Type.String({ pattern: `^(${JOB_STATES.join('|')})(,(${JOB_STATES.join('|')}))*$` }),
  ),
  queryParameter('user', `Only jobs of this user; ${NAMES}`, Names),
  queryParameter('node', `Only jobs that have this node; ${NAMES}`, Names),
  queryParameter(
    'limit',
    'Jobs on a page; CSV and NDJSON have no pages, and go on to the end or to any limit',
    Type.Integer({ minimum: 1, default: DEFAULT_LIMIT }),
  ),
  queryParameter(
    'offset',
    'Jobs to skip; at most 100,000 with any parameter beyond state, user and one node',
    Type.Integer({ minimum: 0, default: 0 }),
  ),
  queryParameter('since', 'Only jobs that had not ended before this time (ISO 8601)', TIME),
  queryParameter('until', 'Only jobs that started at or before this time (ISO 8601)', TIME),
  ...DETAIL_PARAMETERS.map(({ name, means }) => queryParameter(name, `Only ${means}; ${NAMES}`, Names)),
  queryParameter(
    'sluid',
    'Only the job that has the run with this SLUID, Slurm’s key of a run, also an earlier run; several with commas between them',
    Names,
  ),
  queryParameter(
    'min_runtime',
    'Only jobs that have run at least this long: seconds, or a duration such as 90s, 15m, 2h, 3d',
    Type.String({ pattern: '^(\\d{1,10}|\\d{1,9}(ms|s|m|h|d|w|y))$' }),
  ),
  queryParameter(
    'q',
    'Only jobs with this text in their id or user, in upper or lower case (of ASCII letters)',
    Type.String({ minLength: 1, maxLength: 256 }),
  ),
  queryParameter(
    'sort',
    'What to sort by; ties are in the order of the ids, and jobs without the value come last',
    { ...anyOf(SORT_NAMES), default: 'start_time' },
  ),
  queryParameter('order', 'Direction of the sort', { ...anyOf(['asc', 'desc']), default: 'desc' }),
  queryParameter(
    'cursor',
    'The next_cursor of the page before, with all else but limit unchanged; not together with offset. Jobs that arrive ' +
      'meanwhile move nothing; one whose value changes while it is sorted by may be missed or come twice',
    Type.String({ minLength: 1, maxLength: 4096 }),
  ),
  queryParameter('format', 'What the Accept header asks for otherwise', anyOf(ROW_FORMATS)),
];

/** What a request for a list asks for. */
export interface ListRequest {
  readonly filter: JobFilter;
  readonly start: ListStart & { readonly order: JobOrder; readonly offset: number; readonly nowMs: number };
  readonly format: RowFormat;
  /** Undefined where a list without pages goes on to its end. */
  readonly limit: number | undefined;
  /** The filter as text, for cursors. */
  readonly filterKey: string;
}

function readDetailFilter(query: ReturnType<typeof readQuery>): JobFilter['details'] {
  const details = DETAIL_PARAMETERS.flatMap(({ name, key }) => {
    const values = query.identities(name);
    return values ? [[key, values]] : [];
  });
  return details.length === 0 ? undefined : Object.fromEntries(details);
}

export function readListRequest(request: Request, nowMs: number): ListRequest {
  const query = readQuery(
    request,
    LIST_PARAMETERS.map(({ name }) => name),
    ['state', 'user', 'node', 'sluid', ...DETAIL_PARAMETERS.map(({ name }) => name)],
  );
  const filter = defined<JobFilter>({
    state: query.choices('state', JOB_STATES),
    user: query.identities('user'),
    node: query.identities('node'),
    sinceMs: query.time('since'),
    untilMs: query.time('until'),
    minRuntimeMs: query.duration('min_runtime'),
    text: query.identity('q'),
    details: readDetailFilter(query),
    sluid: query.identities('sluid')?.flatMap((text) => text.split(',')),
  });
  const order: JobOrder = {
    sort: SORTS[query.choice('sort', SORT_NAMES) ?? 'start_time'],
    isAscending: query.choice('order', ['asc', 'desc']) === 'asc',
  };
  const format = query.choice('format', ROW_FORMATS) ?? chooseFormat(request.headers.get('accept'));
  const max = format === 'json' ? MAX_LIMIT : Number.MAX_SAFE_INTEGER;
  const limit = query.integer('limit', { min: 1, max, otherwise: DEFAULT_LIMIT });
  const offset = query.integer('offset', { min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 });
  const cursor = query.text('cursor', 4096);
  if (cursor !== undefined && query.has('offset')) {
    throw new AppError(
      'validation_error',
      'cursor and offset are two ways to say where to start; give only one.',
    );
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
