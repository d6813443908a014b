import { Type } from '@sinclair/typebox';
import type { Amount, NodeCounts } from '../domain/overview/amounts.ts';
import type { Concern } from '../domain/overview/concerns.ts';
import type { Freshness, SourceAge } from '../domain/overview/freshness.ts';
import type { Overview } from '../domain/overview/overview.ts';
import { formatTime } from '../domain/time.ts';
import { Time, type Wire } from './field.ts';
import { FreeGpusAnswer, renderFreeGpus } from './node-list.ts';
import { operation } from './operation.ts';

const AmountAnswer = Type.Object(
  {
    total: Type.Optional(
      Type.Number({ description: 'Of all nodes, as Slurm or their agents tell; absent if neither does' }),
    ),
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
    kind: Type.String({
      description: 'Kind of a finding (docs/findings.md), time-nearly-over or silent',
    }),
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

const SourceAnswer = Type.Object(
  {
    last_success: Type.Optional(Time('When it answered last; absent if it never did')),
    stale: Type.Boolean({ description: 'Whether what it said is no longer of the present' }),
  },
  { additionalProperties: false },
);

const FreshnessAnswer = Type.Object(
  {
    squeue: Type.Optional(SourceAnswer),
    sacct: Type.Optional(SourceAnswer),
    agents: Type.Object(
      {
        live: Type.Integer({ description: 'Heard of within 60 s, or four of their intervals' }),
        stale: Type.Integer({ description: 'Heard of within five minutes' }),
        silent: Type.Integer({ description: 'Not heard of for longer' }),
        missing: Type.Integer({ description: 'Never heard of' }),
      },
      { additionalProperties: false, description: 'Nodes with running jobs, by what their agents said last' },
    ),
  },
  {
    additionalProperties: false,
    description: 'How old it is what the overview is made from; squeue and sacct where Slurm is followed',
  },
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
        total: Type.Integer({
          description: 'Nodes that Slurm or their agents tell of, and those of running jobs',
        }),
        with_jobs: Type.Integer({ description: 'Nodes of running jobs' }),
        up: Type.Optional(Type.Integer({ description: 'Nodes that take jobs, by the word of Slurm' })),
        drained: Type.Optional(Type.Integer({ description: 'Nodes that take no new jobs' })),
        down: Type.Optional(Type.Integer({ description: 'Nodes that Slurm cannot use' })),
      },
      { additionalProperties: false },
    ),
    freshness: FreshnessAnswer,
    free_gpus: Type.Array(FreeGpusAnswer, { description: 'GPUs of all nodes by model' }),
    gpu_power_watts: Type.Optional(Type.Number({ description: 'Of all GPUs that report their power' })),
    wasting: Type.Array(ConcernAnswer, {
      description: 'Running jobs with a finding of waste, those that leave most unused first; at most 8',
    }),
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

const renderNodes = ({ withJobs, ...nodes }: NodeCounts): OverviewAnswer['nodes'] => ({
  ...nodes,
  with_jobs: withJobs,
});

const renderSource = ({ lastMs, isStale }: SourceAge) => ({
  ...(lastMs !== undefined && { last_success: formatTime(lastMs) }),
  stale: isStale,
});

const renderFreshness = ({ squeue, sacct, agents }: Freshness): OverviewAnswer['freshness'] => ({
  ...(squeue && { squeue: renderSource(squeue) }),
  ...(sacct && { sacct: renderSource(sacct) }),
  agents: { ...agents },
});

export const renderOverview = (overview: Overview): OverviewAnswer => {
  const { cpus, memoryMb, gpus, nodes, gpuPowerWatts } = overview.amounts;
  return {
    timestamp: formatTime(overview.timeMs),
    running: overview.running,
    pending: overview.pending,
    cpus: renderAmount(cpus),
    memory_mb: renderAmount(memoryMb),
    gpus: renderAmount(gpus),
    nodes: renderNodes(nodes),
    freshness: renderFreshness(overview.freshness),
    free_gpus: overview.freeGpus.map(renderFreeGpus),
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
