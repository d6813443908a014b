import { Type } from '@sinclair/typebox';
import { defined } from '../domain/defined.ts';
import type { ClusterNodes } from '../domain/nodes/cluster-nodes.ts';
import type { FreeGpus } from '../domain/nodes/free-gpus.ts';
import type { NodeAmount, NodeNow } from '../domain/nodes/node-now.ts';
import type { SchedulerNode } from '../domain/nodes/scheduler-node.ts';
import { formatTime } from '../domain/time.ts';
import { Choice, Time, type Wire } from './field.ts';
import { operation, renderTime } from './operation.ts';

/** Ids of running jobs that the list names of each node. */
const MAX_JOB_IDS = 8;

const closed = { additionalProperties: false };
const Whole = (description: string) => Type.Integer({ minimum: 0, description });
const Names = (description: string) => Type.Array(Type.String(), { description });

export const NodeAmountAnswer = Type.Object(
  {
    total: Type.Optional(Type.Number({ description: 'By the scheduler, or else by the agent' })),
    allocated: Type.Optional(
      Type.Number({
        description: 'Given to running jobs: by the scheduler, or else by what is known of them',
      }),
    ),
    used: Type.Optional(Type.Number({ description: 'In use by running jobs' })),
  },
  closed,
);
export type NodeAmountAnswer = Wire<typeof NodeAmountAnswer>;

export const SchedulerNodeAnswer = Type.Object(
  {
    state: Type.String({ description: 'In the words of the scheduler, such as idle+drain' }),
    condition: Choice(['up', 'drained', 'down'], 'Whether it takes new jobs'),
    reason: Type.Optional(Type.String({ description: 'Why it is drained or down' })),
    partitions: Names('Its partitions'),
    features: Names('Its features'),
  },
  closed,
);
export type SchedulerNodeAnswer = Wire<typeof SchedulerNodeAnswer>;

const AgentAnswer = Type.Object(
  {
    received: Time('When its newest report arrived, by the clock of the service'),
    silent: Type.Boolean({ description: 'Whether that is too old to speak of the present' }),
    version: Type.String({ description: 'Its version' }),
    clock_difference_seconds: Type.Number({
      description:
        'How far the clock of the service is ahead of that of the node, the way of the report included',
    }),
    load1: Type.Optional(Type.Number({ description: 'Load average of a minute' })),
    troubles: Names('What its collectors could not read; at most 3'),
  },
  closed,
);

const GpuModelAnswer = Type.Object(
  {
    model: Type.Optional(
      Type.String({ description: 'Type in Slurm, or else the model that the agent found' }),
    ),
    total: Whole('GPUs of the model'),
    allocated: Type.Optional(Whole('Of them given to jobs')),
  },
  closed,
);

export const NodeSummaryAnswer = Type.Object(
  {
    node: Type.String(),
    cpus: NodeAmountAnswer,
    memory_mb: NodeAmountAnswer,
    gpus: NodeAmountAnswer,
    gpu_models: Type.Array(GpuModelAnswer, { description: 'GPUs by model; empty where none are known' }),
    jobs: Whole('Running jobs, also those that the caller may not see'),
    job_ids: Names(`Ids of running jobs that the caller may see; at most ${MAX_JOB_IDS}`),
    agent: Type.Optional(AgentAnswer),
    scheduler: Type.Optional(SchedulerNodeAnswer),
  },
  closed,
);
export type NodeSummaryAnswer = Wire<typeof NodeSummaryAnswer>;

const gpuSums = {
  total: Whole('All that are known'),
  allocated: Whole('Given to running jobs'),
  free: Whole('Can be given to a job now'),
  blocked: Whole('Given to nobody, but their node is drained, down, or has no free CPU or memory'),
};

export const FreeGpusAnswer = Type.Object(
  {
    model: Type.String({ description: 'GPU where no model is known' }),
    ...gpuSums,
    partitions: Type.Array(Type.Object({ partition: Type.String(), ...gpuSums }, closed), {
      description: 'A node of several partitions counts in each',
    }),
  },
  closed,
);
export type FreeGpusAnswer = Wire<typeof FreeGpusAnswer>;

export const NodeListAnswer = Type.Object(
  {
    timestamp: Time('When it was made; it may be some seconds old'),
    scheduler_timestamp: Type.Optional(Time('When Slurm was asked for its nodes; absent without Slurm')),
    free_gpus: Type.Array(FreeGpusAnswer, { description: 'GPUs of all nodes by model' }),
    nodes: Type.Array(NodeSummaryAnswer, { description: 'In the order of their names' }),
  },
  { $id: 'NodeList', ...closed },
);
export type NodeListAnswer = Wire<typeof NodeListAnswer>;

export const renderFreeGpus = (gpus: FreeGpus): FreeGpusAnswer => ({
  ...gpus,
  partitions: gpus.partitions.map((one) => ({ ...one })),
});

export const renderAmount = (amount: NodeAmount): NodeAmountAnswer => ({ ...amount });

export const renderScheduler = (node: SchedulerNode): SchedulerNodeAnswer =>
  defined<SchedulerNodeAnswer>({
    state: node.state,
    condition: node.condition,
    reason: node.reason,
    partitions: node.partitions,
    features: node.features,
  });

/** Renders a node with the ids of the jobs that `isShown` lets through. */
export function renderNode(
  { node, cpus, memoryMb, gpus, gpuModels, jobs, agent, scheduler }: NodeNow,
  isShown: (job: NodeNow['jobs'][number]) => boolean,
): NodeSummaryAnswer {
  const ids: string[] = [];
  for (const job of jobs) {
    if (ids.length === MAX_JOB_IDS) break;
    if (isShown(job)) ids.push(job.jobId);
  }
  return defined<NodeSummaryAnswer>({
    node,
    cpus: renderAmount(cpus),
    memory_mb: renderAmount(memoryMb),
    gpus: renderAmount(gpus),
    gpu_models: gpuModels.map((one) => ({ ...one })),
    jobs: jobs.length,
    job_ids: ids,
    agent: agent && {
      received: formatTime(agent.receivedMs),
      silent: agent.isSilent,
      version: agent.version,
      clock_difference_seconds: Number((agent.clockDifferenceMs / 1000).toFixed(1)),
      ...(agent.load1 !== undefined && { load1: agent.load1 }),
      troubles: [...agent.troubles],
    },
    scheduler: scheduler && renderScheduler(scheduler),
  });
}

/** Renders what an answer has beside its nodes. */
export const renderNodeList = ({
  timeMs,
  schedulerTimeMs,
  freeGpus,
}: ClusterNodes): Omit<NodeListAnswer, 'nodes'> =>
  defined<Omit<NodeListAnswer, 'nodes'>>({
    timestamp: formatTime(timeMs),
    scheduler_timestamp: renderTime(schedulerTimeMs),
    free_gpus: freeGpus.map(renderFreeGpus),
  });

export const LIST_NODES = operation({
  id: 'listNodes',
  method: 'GET',
  path: '/v1/nodes',
  tag: 'Cluster',
  access: 'read',
  summary:
    'List the nodes of Slurm, of agents that reported within 30 days and of running jobs, with what is there, given to jobs ' +
    'and used, and the free GPUs by model',
  answers: { 200: { schema: NodeListAnswer, means: 'All nodes' } },
  errors: ['unavailable'],
  repeatable: 'always',
});
