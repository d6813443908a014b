import { Type } from '@sinclair/typebox';
import type { QueuedJob, Waiting } from '../domain/queue.ts';
import type { QueueState } from '../domain/queue-keeper.ts';
import { formatTime } from '../domain/time.ts';
import { type PendingReason, WAIT_CAUSES } from '../domain/wait-cause.ts';
import { Choice, Count, Time, type Wire } from './field.ts';
import { operation } from './operation.ts';

const Cause = Choice(
  WAIT_CAUSES,
  'What the job waits for: resources, the end of others at a limit, another job (dependency), a time, nodes or ' +
    'partitions that are down (outage), the scheduler itself; held; or never to start as it is asked for (request)',
);

const waiting = {
  jobs: Count('Waiting jobs'),
  cpus: Type.Optional(Count('CPUs that they ask for; absent if unknown')),
  gpus: Type.Optional(Count('GPUs that they ask for; absent if none')),
  longest_wait_seconds: Type.Optional(Count('Since it was submitted; absent if unknown')),
  median_wait_seconds: Type.Optional(Count('As the longest')),
};

const explained = {
  meaning: Type.Optional(Type.String({ description: 'The reason in words; absent if it is not known' })),
  action: Type.Optional(Type.String({ description: 'What the owner can do' })),
};

const Partition = Type.Object(
  {
    partition: Type.Optional(Type.String({ description: 'Several, if its jobs wait in several' })),
    ...waiting,
    causes: Type.Array(
      Type.Object({ cause: Cause, jobs: Count('Waiting jobs') }, { additionalProperties: false }),
    ),
  },
  { additionalProperties: false },
);

const Reason = Type.Object(
  {
    cause: Cause,
    reason: Type.Optional(Type.String({ description: "Slurm's reason without its details" })),
    ...explained,
    ...waiting,
  },
  { additionalProperties: false },
);

const QueuedJobAnswer = Type.Object(
  {
    job_id: Type.String(),
    user: Type.String(),
    name: Type.Optional(Type.String()),
    account: Type.Optional(Type.String()),
    partition: Type.Optional(Type.String()),
    cause: Cause,
    reason: Type.Optional(Type.String({ description: 'As Slurm gives it' })),
    ...explained,
    node_count: Type.Optional(Count('Nodes that it asks for')),
    cpus: Type.Optional(Count('CPUs that it asks for')),
    gpus: Type.Optional(Count('GPUs that it asks for')),
    submit_time: Time('When it was submitted'),
    wait_seconds: Count('Since then'),
  },
  { additionalProperties: false },
);
export type QueuedJobAnswer = Wire<typeof QueuedJobAnswer>;

export const QueueAnswer = Type.Object(
  {
    timestamp: Time('When it was made; it may be some seconds old'),
    jobs: Count('Jobs that wait'),
    counted_jobs: Type.Optional(
      Count('Of very many, only the oldest are counted below: this many; absent if all are'),
    ),
    causes: Type.Array(Type.Object({ cause: Cause, ...waiting }, { additionalProperties: false }), {
      description: 'By cause; only those that there are',
    }),
    partitions: Type.Array(Partition, { description: 'By partition, the largest first; at most 200' }),
    reasons: Type.Array(Reason, { description: 'By reason, the most frequent first; at most 200' }),
    users: Type.Array(Type.Object({ user: Type.String(), ...waiting }, { additionalProperties: false }), {
      description: 'By user, those with the most jobs first; at most 50',
    }),
    user_count: Count('Users with waiting jobs'),
    oldest: Type.Array(QueuedJobAnswer, {
      description: 'Jobs that have waited longest, without those of `oldest_blocked`; at most 50',
    }),
    oldest_blocked: Type.Array(QueuedJobAnswer, {
      description:
        'The same of jobs that free resources do not help: held, dependency, time, request; at most 50',
    }),
  },
  { $id: 'Queue', additionalProperties: false },
);
export type QueueAnswer = Wire<typeof QueueAnswer>;

const renderWaiting = ({ longestSeconds, medianSeconds, jobs, cpus, gpus }: Waiting) => ({
  jobs,
  ...(cpus !== undefined && { cpus }),
  ...(gpus !== undefined && { gpus }),
  ...(longestSeconds !== undefined && { longest_wait_seconds: longestSeconds }),
  ...(medianSeconds !== undefined && { median_wait_seconds: medianSeconds }),
});

const renderExplained = (known: PendingReason | undefined) =>
  known ? { meaning: known.meaning, action: known.action } : {};

function renderQueuedJob({ job, cause, explained: known, waitSeconds }: QueuedJob): QueuedJobAnswer {
  const { name, account, partition, reason, nodeCount, cpus, gpus, submitTimeMs } = job.details ?? {};
  return {
    job_id: job.id,
    user: job.user,
    ...(name !== undefined && { name }),
    ...(account !== undefined && { account }),
    ...(partition !== undefined && { partition }),
    cause,
    ...(reason !== undefined && { reason }),
    ...renderExplained(known),
    ...(nodeCount !== undefined && { node_count: nodeCount }),
    ...(cpus !== undefined && { cpus }),
    ...(gpus !== undefined && { gpus }),
    submit_time: formatTime(submitTimeMs!),
    wait_seconds: waitSeconds,
  };
}

export const renderQueue = (queue: QueueState): QueueAnswer => ({
  timestamp: formatTime(queue.timeMs),
  jobs: queue.jobs,
  ...(queue.countedJobs < queue.jobs && { counted_jobs: queue.countedJobs }),
  causes: queue.causes.map(({ cause, ...sum }) => ({ cause, ...renderWaiting(sum) })),
  partitions: queue.partitions.map(({ partition, causes, ...sum }) => ({
    ...(partition !== undefined && { partition }),
    ...renderWaiting(sum),
    causes: causes.map((one) => ({ ...one })),
  })),
  reasons: queue.reasons.map(({ cause, reason, explained: known, ...sum }) => ({
    cause,
    ...(reason !== undefined && { reason }),
    ...renderExplained(known),
    ...renderWaiting(sum),
  })),
  users: queue.users.map(({ user, ...sum }) => ({ user, ...renderWaiting(sum) })),
  user_count: queue.userCount,
  oldest: queue.oldest.map(renderQueuedJob),
  oldest_blocked: queue.oldestBlocked.map(renderQueuedJob),
});

export const GET_QUEUE = operation({
  id: 'getQueue',
  method: 'GET',
  path: '/v1/queue',
  tag: 'Cluster',
  access: 'read',
  summary:
    'Show the jobs that wait: who, for what, and since when, with reasons in words. Somebody who sees only their own jobs ' +
    'gets the queue of those',
  answers: { 200: { schema: QueueAnswer, means: 'The queue at `timestamp`' } },
  errors: ['unavailable'],
  repeatable: 'always',
});
