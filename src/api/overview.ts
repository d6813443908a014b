import { Type } from '@sinclair/typebox';
import type { Amount } from '../domain/overview/amounts.ts';
import type { Concern } from '../domain/overview/concerns.ts';
import type { Overview } from '../domain/overview/overview.ts';
import { formatTime } from '../domain/time.ts';
import { Time, type Wire } from './field.ts';
import { operation } from './operation.ts';

const AmountAnswer = Type.Object(
  {
    total: Type.Optional(Type.Number({ description: 'Of nodes whose agents report; absent if none does' })),
    allocated: Type.Number({ description: 'Given to running jobs' }),
    used: Type.Optional(Type.Number({ description: 'In use by running jobs; absent if none is measured' })),
  },
  { additionalProperties: false },
);

const ConcernAnswer = Type.Object(
  {
    job_id: Type.String(),
    user: Type.String(),
    name: Type.Optional(Type.String()),
    kind: Type.String({ description: 'Such as gpu-idle or memory-near-limit' }),
    message: Type.String({ description: 'What is seen now, with its numbers' }),
  },
  { additionalProperties: false },
);
export type ConcernAnswer = Wire<typeof ConcernAnswer>;

const EndingsAnswer = Type.Object(
  {
    node: Type.Optional(Type.String({ description: 'First node of the jobs; absent if they had none' })),
    jobs: Type.Integer({ minimum: 1 }),
    short: Type.Integer({ minimum: 0, description: 'How many of them ended within a minute' }),
    states: Type.Array(
      Type.Object({ state: Type.String(), jobs: Type.Integer() }, { additionalProperties: false }),
    ),
    examples: Type.Array(Type.String(), { description: 'Ids of the latest of them' }),
  },
  { additionalProperties: false },
);

export const OverviewAnswer = Type.Object(
  {
    timestamp: Time('When it was made; it may be some seconds old'),
    running: Type.Integer({ minimum: 0 }),
    pending: Type.Integer({ minimum: 0 }),
    cpus: AmountAnswer,
    memory_mb: AmountAnswer,
    gpus: AmountAnswer,
    nodes: Type.Object(
      {
        reporting: Type.Integer({ description: 'Nodes whose agents report' }),
        silent: Type.Integer({ description: 'Nodes whose agents have stopped reporting' }),
        with_jobs: Type.Integer({ description: 'Nodes of running jobs' }),
      },
      { additionalProperties: false },
    ),
    gpu_power_watts: Type.Optional(Type.Number({ description: 'Of all GPUs that report their power' })),
    wasting: Type.Array(ConcernAnswer, { description: 'Running jobs that waste most now; at most 8' }),
    troubled: Type.Array(ConcernAnswer, { description: 'Running jobs that may end badly soon; at most 8' }),
    failed: Type.Array(EndingsAnswer, {
      description: 'Jobs that failed within the last hour, by node; at most 8 nodes',
    }),
  },
  { $id: 'Overview', additionalProperties: false },
);
export type OverviewAnswer = Wire<typeof OverviewAnswer>;

const renderConcern = ({ jobId, ...concern }: Concern): ConcernAnswer => ({ job_id: jobId, ...concern });
const renderAmount = (amount: Amount) => ({ ...amount });

export const renderOverview = (overview: Overview): OverviewAnswer => {
  const { cpus, memoryMb, gpus, nodes, gpuPowerWatts } = overview.amounts;
  return {
    timestamp: formatTime(overview.timeMs),
    running: overview.running,
    pending: overview.pending,
    cpus: renderAmount(cpus),
    memory_mb: renderAmount(memoryMb),
    gpus: renderAmount(gpus),
    nodes: { reporting: nodes.reporting, silent: nodes.silent, with_jobs: nodes.withJobs },
    ...(gpuPowerWatts !== undefined && { gpu_power_watts: gpuPowerWatts }),
    wasting: overview.wasting.map(renderConcern),
    troubled: overview.troubled.map(renderConcern),
    failed: overview.failed.map(({ states, examples, ...rest }) => ({
      ...rest,
      states: [...states],
      examples: [...examples],
    })),
  };
};

export const GET_OVERVIEW = operation({
  id: 'getOverview',
  method: 'GET',
  path: '/v1/overview',
  tag: 'Cluster',
  access: 'read',
  summary:
    'Show the state of the cluster: what is given and used, who wastes, who is in trouble, what failed. Somebody who sees ' +
    'only their own jobs gets the figures of those',
  answers: { 200: { schema: OverviewAnswer, means: 'The state at `timestamp`' } },
  errors: ['unavailable'],
  repeatable: 'always',
});
