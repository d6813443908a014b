import { Type } from '@sinclair/typebox';
import type { FilterDetail } from '../domain/detail.ts';
import { SEVERITIES } from '../domain/finding/severity.ts';
import { JOB_STATES } from '../domain/job.ts';
import type { JobFilter, JobOrder, JobSort } from '../domain/list.ts';
import { fieldOf } from './detail.ts';
import type { Wire } from './field.ts';
import { JobAnswer, readJob } from './job.ts';
import { RANGE_PARAMETERS, renderRanges } from './job-range.ts';
import { MEDIA_TYPE, ROW_FORMATS } from './media-type.ts';
import {
  choiceParameter,
  operation,
  type Query,
  queryParameter,
  renderTime,
  TimeParameter,
} from './operation.ts';

export const JobListAnswer = Type.Object(
  {
    jobs: Type.Array(JobAnswer),
    total: Type.Integer({ minimum: 0, description: 'All jobs that match, on every page' }),
    limit: Type.Integer(),
    offset: Type.Integer(),
    next_cursor: Type.Optional(
      Type.String({ description: 'Cursor of the next page; absent on the last one' }),
    ),
  },
  { $id: 'JobList', additionalProperties: false },
);
export type JobListAnswer = Wire<typeof JobListAnswer>;

/** Jobs on a page of JSON. */
export const DEFAULT_JOBS = 100;
export const MAX_JOBS = 10_000;

/** The names of sorts, and what they sort by. */
export const SORTS = {
  start_time: 'startTime',
  end_time: 'endTime',
  runtime: 'runtime',
  wait: 'wait',
  nodes: 'nodes',
  cpus: 'cpus',
  gpus: 'gpus',
  cpu_usage: 'cpuUsage',
  memory_usage: 'memoryUsage',
  gpu_usage: 'gpuUsage',
} as const satisfies Record<string, JobSort>;
export const SORT_NAMES = Object.keys(SORTS) as (keyof typeof SORTS)[];
export const ORDERS = ['asc', 'desc'] as const;

const DETAIL_FILTERS: Record<FilterDetail, string> = {
  account: 'jobs of this account',
  partition: 'jobs of this partition',
  qos: 'jobs with this quality of service',
  name: 'jobs with exactly this name; `*` stands for any text: `train*`',
  arrayJobId: 'tasks of this job array',
  cluster: 'jobs of this cluster',
  rawState: 'jobs in this state of Slurm, such as TIMEOUT; in either case',
  reason: 'jobs with this reason, such as Priority; in either case, `*` stands for any text',
};

/** The parameters that filter by details. */
export const DETAIL_PARAMETERS = (Object.keys(DETAIL_FILTERS) as FilterDetail[]).map((key) => ({
  key,
  name: fieldOf(key)!,
  means: DETAIL_FILTERS[key],
}));

/** Parameters that may be repeated, to give several names. */
export const REPEATABLE = [
  ...['state', 'user', 'node', 'finding', 'severity', 'sluid'],
  ...DETAIL_PARAMETERS.map(({ name }) => name),
];

const Names = Type.String({ minLength: 1 });
const SEVERAL = 'several separated by commas; repeat the parameter for a name that contains a comma';

/** The parameters of the API reference come first, in its order. */
export const LIST_PARAMETERS = [
  queryParameter(
    'state',
    `Only jobs in this state, or in one of several separated by commas: ${JOB_STATES.join(', ')}`,
    Type.String({ pattern: `^(${JOB_STATES.join('|')})(,(${JOB_STATES.join('|')}))*$` }),
  ),
  queryParameter('user', `Only jobs of this user; ${SEVERAL}`, Names),
  queryParameter(
    'node',
    `Only jobs on this node, or on one of a list as Slurm writes it, n[1-8,12]; ${SEVERAL}`,
    Names,
  ),
  queryParameter(
    'limit',
    'Jobs on a page. CSV and NDJSON have no pages: they contain all jobs, or the first `limit`',
    Type.Integer({ minimum: 1, default: DEFAULT_JOBS }),
  ),
  queryParameter(
    'offset',
    'Jobs to skip; at most 100,000 with any parameter beyond state, user and one node',
    Type.Integer({ minimum: 0, default: 0 }),
  ),
  queryParameter('since', 'Only jobs that had not ended before this time (ISO 8601)', TimeParameter),
  queryParameter('until', 'Only jobs that started at or before this time (ISO 8601)', TimeParameter),
  ...DETAIL_PARAMETERS.map(({ name, means }) => queryParameter(name, `Only ${means}; ${SEVERAL}`, Names)),
  queryParameter(
    'finding',
    'Only jobs with this finding, such as gpu-unused (docs/findings.md), or one of several separated by commas: running jobs ' +
      'as they were within the last minute, others as they ended. What was measured follows an end by up to an hour',
    Names,
  ),
  queryParameter(
    'severity',
    `Only jobs with a finding of this severity, or one of several separated by commas: ${SEVERITIES.join(', ')}`,
    Names,
  ),
  queryParameter(
    'sluid',
    'Only the job that has the run with this SLUID, earlier runs included; several separated by commas',
    Names,
  ),
  ...RANGE_PARAMETERS,
  queryParameter(
    'q',
    'Only jobs whose id or user contains this text; upper and lower case are the same for ASCII letters',
    Type.String({ minLength: 1, maxLength: 256 }),
  ),
  choiceParameter(
    'sort',
    'What to sort by; ties are in order of id, and jobs without the value come last',
    SORT_NAMES,
    'start_time',
  ),
  choiceParameter('order', 'Direction of the sort', ORDERS, 'desc'),
  queryParameter(
    'cursor',
    'The next_cursor of the previous page, with all other parameters but limit unchanged; not together with offset. Jobs that ' +
      'arrive meanwhile shift nothing; a job whose sort value changes meanwhile may be missed or listed twice',
    Type.String({ minLength: 1, maxLength: 4096 }),
  ),
  choiceParameter('format', 'Instead of an Accept header', ROW_FORMATS),
];

/** Writes a filter and an order as query parameters. */
export function renderListQuery(filter: JobFilter, order?: JobOrder): Query {
  const {
    state,
    user,
    node,
    finding,
    severity,
    sluid,
    details = {},
    sinceMs,
    untilMs,
    ranges = {},
    text,
  } = filter;
  return {
    ...{ state, user, node, finding, severity, sluid, q: text },
    ...Object.fromEntries(DETAIL_PARAMETERS.map(({ key, name }) => [name, details[key]])),
    since: renderTime(sinceMs),
    until: renderTime(untilMs),
    ...renderRanges(ranges),
    sort: order && SORT_NAMES.find((name) => SORTS[name] === order.sort),
    order: order && (order.isAscending ? 'asc' : 'desc'),
  };
}

export const readJobList = ({ jobs, total, next_cursor }: JobListAnswer) => ({
  jobs: jobs.map(readJob),
  total,
  ...(next_cursor !== undefined && { nextCursor: next_cursor }),
});

export const LIST_JOBS = operation({
  id: 'listJobs',
  method: 'GET',
  path: '/v1/jobs',
  tag: 'Jobs',
  access: 'read',
  summary: 'List jobs, newest start first by default',
  parameters: LIST_PARAMETERS,
  answers: {
    200: {
      schema: JobListAnswer,
      also: { [MEDIA_TYPE.csv]: Type.String(), [MEDIA_TYPE.ndjson]: Type.String() },
      means:
        'A page of jobs; as CSV or NDJSON all of them, row by row. CSV separates nodes by blanks and puts an apostrophe before ' +
        'texts that a spreadsheet would run as a formula',
    },
  },
  errors: ['validation_error', 'unavailable'],
  repeatable: 'always',
});
