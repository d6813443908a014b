import { Type } from '@sinclair/typebox';
import { Choice, Time, type Wire } from './field.ts';
import { NODE } from './node.ts';
import { choiceParameter, operation, queryParameter, TimeParameter } from './operation.ts';

export const NODE_FIELDS = ['cpus', 'memory_mb', 'gpus'] as const;
export type NodeField = (typeof NODE_FIELDS)[number];

export const MAX_USAGE_COLUMNS = 300;
export const DEFAULT_USAGE_COLUMNS = 200;
/** Jobs whose usage is shown; those that had most of the node for longest. */
export const MAX_USAGE_JOBS = 50;

const closed = { additionalProperties: false };

const JobUsage = Type.Object(
  {
    job_id: Type.String(),
    user: Type.String(),
    name: Type.Optional(Type.String()),
    values: Type.Array(Type.Unsafe<number | null>({ type: 'number', nullable: true }), {
      description: 'The mean of each span; null where nothing was measured',
    }),
  },
  closed,
);

export const NodeUsageAnswer = Type.Object(
  {
    node: Type.String(),
    field: Choice(NODE_FIELDS),
    start_time: Time('Start of the first span'),
    step_seconds: Type.Number({ description: 'Length of each span' }),
    columns: Type.Integer({ minimum: 1, description: 'How many spans there are' }),
    jobs: Type.Array(JobUsage, {
      description: `Jobs that were measured there and that the caller may see, those that started first before others; at most ${MAX_USAGE_JOBS}`,
    }),
    left_out: Type.Integer({
      minimum: 0,
      description: 'Jobs of the range that are not shown, because they are too many or had too little',
    }),
  },
  { $id: 'NodeUsage', ...closed },
);
export type NodeUsageAnswer = Wire<typeof NodeUsageAnswer>;

export const GET_NODE_USAGE = operation({
  id: 'getNodeUsage',
  method: 'GET',
  path: '/v1/nodes/:node/usage',
  tag: 'Cluster',
  access: 'read',
  summary: 'Plot what the jobs of a node used of it over time, job by job',
  parameters: [
    NODE,
    choiceParameter(
      'field',
      'CPUs that were busy, MB of memory, or GPUs that were busy',
      NODE_FIELDS,
      'cpus',
    ),
    queryParameter('start_time', 'Start of the range; 24 hours before its end by default', TimeParameter),
    queryParameter('end_time', 'End of the range; now by default', TimeParameter),
    queryParameter(
      'columns',
      'Most spans of the answer',
      Type.Integer({ minimum: 1, maximum: MAX_USAGE_COLUMNS, default: DEFAULT_USAGE_COLUMNS }),
    ),
  ],
  answers: { 200: { schema: NodeUsageAnswer, means: 'The usage of each job' } },
  errors: ['validation_error', 'unavailable'],
  repeatable: 'always',
});
