import { Type } from '@sinclair/typebox';
import { defined } from '../domain/defined.ts';
import type { Job } from '../domain/job.ts';
import { clockDifferenceMs, isSilent, type ReceivedReport } from '../domain/node-report.ts';
import { holderFinder } from '../domain/nodes/gpu-holders.ts';
import type { NodeJob } from '../domain/nodes/node-job.ts';
import type { NodeNow } from '../domain/nodes/node-now.ts';
import { formatTime } from '../domain/time.ts';
import { answered, JobId, Time, type Wire } from './field.ts';
import { NodeAmountAnswer, renderAmount, renderScheduler, SchedulerNodeAnswer } from './node-list.ts';
import { GpuBody, NodeReportBody, renderNodeReport } from './node-report.ts';
import { operation, type Parameter, renderTime } from './operation.ts';

const closed = { additionalProperties: false };
const Known = (description: string) => Type.Optional(Type.Number({ description }));
const Word = (description: string) => Type.Optional(Type.String({ description }));

const whose = {
  job_id: JobId('The job'),
  user: Type.String(),
  account: Word('Account that is charged'),
  name: Word('Its name'),
  partition: Word('Its partition'),
  nodes: Type.Integer({ minimum: 0, description: 'How many nodes it has' }),
};

const NodeJobAnswer = Type.Object(
  {
    ...whose,
    start_time: Time('When it started'),
    cpus: Known(
      'CPUs that it has of the node: as its Prolog said, or an equal part of those of all its nodes',
    ),
    memory_mb: Known('MB of memory that it has of the node'),
    gpus: Known('GPUs that it has of the node'),
    usage_time: Type.Optional(Time('When its usage of the node was measured')),
    cpu_usage: Known('Percent of its CPUs'),
    memory_usage_mb: Known('MB of memory in use'),
    gpu_usage: Known('Percent of its GPUs'),
  },
  closed,
);
export type NodeJobAnswer = Wire<typeof NodeJobAnswer>;

const PastNodeJobAnswer = Type.Object(
  {
    ...whose,
    state: Type.String(),
    raw_state: Word('In the word of the scheduler'),
    start_time: Type.Optional(Time('When it started')),
    end_time: Type.Optional(Time('When it ended')),
    exit_code: Known('Its exit code'),
  },
  closed,
);
export type PastNodeJobAnswer = Wire<typeof PastNodeJobAnswer>;

const ReportAnswer = Type.Object({
  ...answered(NodeReportBody.properties),
  gpus: Type.Array(
    Type.Object({
      ...answered(GpuBody.properties),
      job_ids: Type.Array(Type.String(), { description: 'Jobs that hold it, of those that are shown' }),
    }),
    { description: 'All GPUs of the node' },
  ),
  received: Time('When the report arrived, by the clock of the service'),
  silent: Type.Boolean({ description: 'Whether it is too old to speak of the present' }),
  clock_difference_seconds: Type.Number({
    description:
      'How far the clock of the service is ahead of that of the node, the way of the report included',
  }),
});
export type ReportAnswer = Wire<typeof ReportAnswer>;

/** Running jobs of a node that are shown; a node has more only where the jobs are no real ones. */
export const MAX_RUNNING_JOBS = 500;
export const MAX_PAST_JOBS = 50;

export const NodeAnswer = Type.Object(
  {
    node: Type.String(),
    timestamp: Time('When it was read'),
    cpus: NodeAmountAnswer,
    memory_mb: NodeAmountAnswer,
    gpus: NodeAmountAnswer,
    scheduler: Type.Optional(SchedulerNodeAnswer),
    scheduler_timestamp: Type.Optional(Time('When Slurm was asked for its nodes')),
    report: Type.Optional(ReportAnswer),
    running: Type.Integer({
      minimum: 0,
      description: 'Running jobs, also those that the caller may not see',
    }),
    jobs: Type.Array(NodeJobAnswer, {
      description: `Running jobs that the caller may see, the oldest first; at most ${MAX_RUNNING_JOBS}`,
    }),
    past_jobs: Type.Array(PastNodeJobAnswer, {
      description: `Jobs that ran there and have ended, the newest start first; at most ${MAX_PAST_JOBS}`,
    }),
  },
  { $id: 'Node', ...closed },
);
export type NodeAnswer = Wire<typeof NodeAnswer>;

/** All that is known of one node. */
export interface NodeDetail {
  readonly now: NodeNow;
  readonly timeMs: number;
  readonly schedulerTimeMs: number | undefined;
  readonly received: ReceivedReport | undefined;
  /** Those that the caller may see. */
  readonly jobs: readonly NodeJob[];
  readonly pastJobs: readonly Job[];
}

export const renderNodeDetail = ({
  now,
  timeMs,
  schedulerTimeMs,
  received,
  jobs,
  pastJobs,
}: NodeDetail): NodeAnswer =>
  defined<NodeAnswer>({
    node: now.node,
    timestamp: formatTime(timeMs),
    cpus: renderAmount(now.cpus),
    memory_mb: renderAmount(now.memoryMb),
    gpus: renderAmount(now.gpus),
    scheduler: now.scheduler && renderScheduler(now.scheduler),
    scheduler_timestamp: now.scheduler && renderTime(schedulerTimeMs),
    report: received && renderReport(received, jobs, timeMs),
    running: now.jobs.length,
    jobs: jobs.map(renderNodeJob),
    past_jobs: pastJobs.map(renderPastJob),
  });

function renderReport(received: ReceivedReport, jobs: readonly NodeJob[], nowMs: number): ReportAnswer {
  const { gpus = [], ...report } = renderNodeReport(received.report);
  const holdersOf = holderFinder(jobs);
  return {
    ...(report as ReportAnswer),
    gpus: (gpus as ReportAnswer['gpus']).map((gpu, index) => ({
      ...gpu,
      job_ids: holdersOf(gpu.gpu, index),
    })),
    received: formatTime(received.receivedMs),
    silent: isSilent(received, nowMs),
    clock_difference_seconds: clockDifferenceMs(received) / 1000,
  };
}

const renderNodeJob = (job: NodeJob): NodeJobAnswer =>
  defined<NodeJobAnswer>({
    job_id: job.jobId,
    user: job.user,
    account: job.account,
    name: job.name,
    partition: job.partition,
    nodes: job.nodes,
    start_time: formatTime(job.startTimeMs),
    cpus: job.cpus,
    memory_mb: job.memoryMb,
    gpus: job.gpus,
    usage_time: renderTime(job.usageTimeMs),
    cpu_usage: job.cpuUsage,
    memory_usage_mb: job.memoryUsageMb,
    gpu_usage: job.gpuUsage,
  });

const renderPastJob = ({ details = {}, ...job }: Job): PastNodeJobAnswer =>
  defined<PastNodeJobAnswer>({
    job_id: job.id,
    user: job.user,
    account: details.account,
    name: details.name,
    partition: details.partition,
    nodes: job.nodes.length,
    state: job.state,
    raw_state: details.rawState,
    start_time: renderTime(job.startTimeMs),
    end_time: renderTime(job.endTimeMs),
    exit_code: details.exitCode,
  });

export const NODE: Parameter = {
  name: 'node',
  in: 'path',
  required: true,
  description: 'Name of the node, percent-encoded',
  schema: Type.String({ minLength: 1 }),
  example: 'node-01',
};

export const GET_NODE = operation({
  id: 'getNode',
  method: 'GET',
  path: '/v1/nodes/:node',
  tag: 'Cluster',
  access: 'read',
  summary:
    'Show one node: the newest report of its agent, its state in Slurm, and the jobs there that the caller may see, now and ' +
    'before',
  parameters: [NODE],
  answers: { 200: { schema: NodeAnswer, means: 'The node' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'always',
});
