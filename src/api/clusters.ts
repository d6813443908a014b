import { Type } from '@sinclair/typebox';
import { MAX_MERGED_JOBS } from '../domain/clusters/cluster.ts';
import type { Wire } from './field.ts';
import { JobAnswer } from './job.ts';
import { DEFAULT_JOBS, LIST_PARAMETERS } from './job-list.ts';
import { operation, queryParameter } from './operation.ts';

/** Fields that tell of one cluster whether and what it answered. */
const HEAD = {
  name: Type.String({ description: 'As `--peer` names it, and as Slurm names that of this service' }),
  url: Type.Optional(Type.String({ description: 'Where its pages are; absent for this service' })),
  error: Type.Optional(
    Type.String({ description: 'Why it has no answer; absent if it has. Its jobs are missing then' }),
  ),
};
const Used = Type.Object(
  { used: Type.Optional(Type.Number()), allocated: Type.Number(), total: Type.Optional(Type.Number()) },
  { additionalProperties: false },
);

const ClusterState = Type.Object(
  {
    ...HEAD,
    running: Type.Optional(Type.Integer({ minimum: 0 })),
    pending: Type.Optional(Type.Integer({ minimum: 0 })),
    cpus: Type.Optional(Used),
    gpus: Type.Optional(Used),
    nodes: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);
export type ClusterState = Wire<typeof ClusterState>;

export const ClusterListAnswer = Type.Object(
  { clusters: Type.Array(ClusterState, { description: 'This one first' }) },
  { $id: 'ClusterList', additionalProperties: false },
);
export type ClusterListAnswer = Wire<typeof ClusterListAnswer>;

export const MergedJobsAnswer = Type.Object(
  {
    jobs: Type.Array(
      Type.Object(
        {
          cluster: Type.String(),
          url: Type.Optional(Type.String({ description: 'The page of the job; absent for this service' })),
          job: JobAnswer,
        },
        { additionalProperties: false },
      ),
    ),
    clusters: Type.Array(
      Type.Object(
        {
          ...HEAD,
          total: Type.Optional(
            Type.Integer({ minimum: 0, description: 'Jobs that match; absent without an answer' }),
          ),
        },
        { additionalProperties: false },
      ),
      { description: 'The clusters that were asked for this page' },
    ),
    limit: Type.Integer(),
    next_cursor: Type.Optional(
      Type.String({ description: 'Cursor of the next page; absent on the last one' }),
    ),
  },
  { $id: 'MergedJobs', additionalProperties: false },
);
export type MergedJobsAnswer = Wire<typeof MergedJobsAnswer>;

const SEVERAL =
  'The services of --peer are asked at the same time, as the caller; one that does not answer within 3 s';

export const LIST_CLUSTERS = operation({
  id: 'listClusters',
  method: 'GET',
  path: '/v1/clusters',
  tag: 'Cluster',
  access: 'read',
  summary: `Show this cluster and those of its peers. ${SEVERAL} has an error instead of figures`,
  answers: { 200: { schema: ClusterListAnswer, means: 'The clusters' } },
  errors: ['unavailable'],
  repeatable: 'always',
});

/** Those of `GET /v1/jobs`, without formats, and without places that mean nothing in several lists. */
const SHARED = LIST_PARAMETERS.filter(
  ({ name }) => !['limit', 'offset', 'cluster', 'cursor', 'format'].includes(name),
);

export const LIST_MERGED_JOBS = operation({
  id: 'listMergedJobs',
  method: 'GET',
  path: '/v1/clusters/jobs',
  tag: 'Cluster',
  access: 'read',
  summary: `List the jobs of this cluster and of its peers in one order. ${SEVERAL} is named in \`clusters\`, and goes on where it was`,
  parameters: [
    queryParameter(
      'cluster',
      'Only jobs of this cluster, or of one of several separated by commas, by the names of GET /v1/clusters',
      Type.String({ minLength: 1 }),
    ),
    ...SHARED,
    queryParameter(
      'limit',
      'Jobs on a page',
      Type.Integer({ minimum: 1, maximum: MAX_MERGED_JOBS, default: DEFAULT_JOBS }),
    ),
    queryParameter(
      'cursor',
      'The next_cursor of the previous page, with all other parameters but limit unchanged',
      Type.String({ minLength: 1, maxLength: 65_536 }),
    ),
  ],
  answers: { 200: { schema: MergedJobsAnswer, means: 'One page' } },
  errors: ['validation_error', 'unavailable'],
  repeatable: 'always',
});
