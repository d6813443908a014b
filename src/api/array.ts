import { Type } from '@sinclair/typebox';
import { type ArraySummary, OUTLIER_KINDS } from '../domain/array.ts';
import type { ArrayTask } from '../domain/array-task.ts';
import type { Distribution } from '../domain/distribution.ts';
import type { Verdict } from '../domain/finding/verdict.ts';
import { JOB_STATES } from '../domain/job.ts';
import { formatTime } from '../domain/time.ts';
import { Choice, Count, Time, type Wire } from './field.ts';
import { renderVerdict, VerdictAnswer } from './finding.ts';
import { operation } from './operation.ts';

const State = Choice(JOB_STATES, 'Of the latest run');

const DistributionAnswer = Type.Object(
  {
    count: Count('Tasks that have the value'),
    min: Type.Number(),
    lower_quartile: Type.Number(),
    median: Type.Number(),
    upper_quartile: Type.Number(),
    max: Type.Number(),
    bins: Type.Object(
      {
        low: Type.Number({ description: 'Where the first bin begins' }),
        high: Type.Number({ description: 'Where the last bin ends' }),
        counts: Type.Array(Type.Integer({ minimum: 0 }), {
          description: 'Tasks in each; all have one width',
        }),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
export type DistributionAnswer = Wire<typeof DistributionAnswer>;

const Task = Type.Object(
  {
    job_id: Type.String(),
    task_id: Type.Optional(Count('Its number in the array; absent for tasks that wait together')),
    state: State,
    raw_state: Type.Optional(Type.String({ description: "In Slurm's word" })),
    runtime_seconds: Type.Optional(Type.Number({ description: 'To its end, or to now' })),
    cpu_usage: Type.Optional(Type.Number({ description: 'Mean in percent' })),
    memory_peak_mb: Type.Optional(Type.Number({ description: 'The most that it used' })),
    memory_limit_mb: Type.Optional(Type.Number()),
    gpu_usage: Type.Optional(Type.Number({ description: 'Mean in percent' })),
  },
  { additionalProperties: false },
);
export type ArrayTaskAnswer = Wire<typeof Task>;

const numbers = (description: string) =>
  Type.Array(Type.Unsafe<number | null>({ type: 'number', nullable: true }), {
    description: `${description}; null if unknown`,
  });

const Columns = Type.Object(
  {
    job_id: Type.Array(Type.String()),
    task_id: numbers('Number in the array'),
    state: Type.Array(State),
    runtime_seconds: numbers('To the end, or to now'),
    cpu_usage: numbers('Mean in percent'),
    memory_peak_mb: numbers('The most that was used'),
    gpu_usage: numbers('Mean in percent'),
  },
  {
    additionalProperties: false,
    description: 'All tasks in the order of their numbers, a list for each field',
  },
);
export type ArrayColumns = Wire<typeof Columns>;

const fields = {
  array_job_id: Type.String(),
  timestamp: Time('When it was read'),
  user: Type.String(),
  account: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  partition: Type.Optional(Type.String()),
  cpus: Type.Optional(Count('CPUs of the first task, as the fields that follow')),
  gpus: Type.Optional(Count('GPUs')),
  memory_limit_mb: Type.Optional(Type.Number()),
  time_limit_seconds: Type.Optional(Type.Number()),
  task_count: Count('Tasks that are jobs of their own, and those that wait together as one'),
  is_partial: Type.Optional(Type.Boolean({ description: 'Only the first 100,000 tasks were read' })),
  has_waiting_together: Type.Optional(
    Type.Boolean({
      description: 'Further tasks wait together as one job, so their number is not known',
    }),
  ),
  submit_time: Type.Optional(Time('When it was submitted')),
  start_time: Type.Optional(Time('When its first task started')),
  end_time: Type.Optional(Time('When its last task ended; absent until then')),
  states: Type.Array(
    Type.Object(
      { state: State, raw_state: Type.Optional(Type.String()), tasks: Count('Tasks in it') },
      { additionalProperties: false },
    ),
    { description: 'The most frequent first' },
  ),
  runtime_seconds: Type.Optional(DistributionAnswer),
  cpu_usage: Type.Optional(DistributionAnswer),
  memory_peak_mb: Type.Optional(DistributionAnswer),
  gpu_usage: Type.Optional(DistributionAnswer),
  findings: VerdictAnswer,
  outliers: Type.Array(
    Type.Object({ kind: Choice(OUTLIER_KINDS), tasks: Type.Array(Task) }, { additionalProperties: false }),
    {
      description:
        'Failed last; slowest; nearest to the limit of memory; least CPU; least GPU. At most 10 of each, the worst first',
    },
  ),
};

/** What a client checks of an answer: all but the columns, which may be megabytes. */
export const ArrayHead = Type.Object(fields);
export type ArrayHead = Wire<typeof ArrayHead>;

export const ArrayAnswer = Type.Object(
  { ...fields, tasks: Columns },
  { $id: 'Array', additionalProperties: false },
);
export type ArrayAnswer = Wire<typeof ArrayAnswer>;

/** An array at one moment, from the tasks that the caller may see. */
export interface ArrayState extends ArraySummary {
  readonly id: string;
  readonly timeMs: number;
  readonly tasks: readonly ArrayTask[];
  readonly isPartial: boolean;
  readonly verdict: Verdict;
}

const tenths = (value: number): number => Math.round(10 * value) / 10;
const given = <Key extends string, Value>(key: Key, value: Value | undefined) =>
  (value === undefined ? {} : { [key]: value }) as Partial<Record<Key, Value>>;
const timeOf = (timeMs: number | undefined) => (timeMs === undefined ? undefined : formatTime(timeMs));

const renderDistribution = ({ lowerQuartile, upperQuartile, bins, ...rest }: Distribution) => ({
  ...rest,
  lower_quartile: lowerQuartile,
  upper_quartile: upperQuartile,
  bins: { ...bins, counts: [...bins.counts] },
});

const renderTask = (task: ArrayTask): ArrayTaskAnswer => ({
  job_id: task.jobId,
  ...given('task_id', task.taskId),
  state: task.state,
  ...given('raw_state', task.rawState),
  ...given('runtime_seconds', task.runtimeSeconds),
  ...given('cpu_usage', task.cpuUsage),
  ...given('memory_peak_mb', task.memoryPeakMb),
  ...given('memory_limit_mb', task.memoryLimitMb),
  ...given('gpu_usage', task.gpuUsage),
});

/** Renders an array without its tasks. */
export function renderArray(array: ArrayState): Omit<ArrayAnswer, 'tasks'> {
  const { tasks, runtimeSeconds, cpuUsage, memoryPeakMb, gpuUsage } = array;
  const first = tasks[0]!;
  return {
    array_job_id: array.id,
    timestamp: formatTime(array.timeMs),
    user: first.user,
    ...given('account', first.account),
    ...given('name', first.name),
    ...given('partition', first.partition),
    ...given('cpus', first.cpus),
    ...given('gpus', first.gpus),
    ...given('memory_limit_mb', first.memoryLimitMb),
    ...given('time_limit_seconds', first.timeLimitSeconds),
    task_count: tasks.length,
    ...(array.isPartial && { is_partial: true }),
    ...(first.taskId === undefined && { has_waiting_together: true }),
    ...given('submit_time', timeOf(array.submitTimeMs)),
    ...given('start_time', timeOf(array.startTimeMs)),
    ...given('end_time', timeOf(array.endTimeMs)),
    states: array.states.map(({ state, rawState, tasks: count }) => ({
      state,
      ...given('raw_state', rawState),
      tasks: count,
    })),
    ...given('runtime_seconds', runtimeSeconds && renderDistribution(runtimeSeconds)),
    ...given('cpu_usage', cpuUsage && renderDistribution(cpuUsage)),
    ...given('memory_peak_mb', memoryPeakMb && renderDistribution(memoryPeakMb)),
    ...given('gpu_usage', gpuUsage && renderDistribution(gpuUsage)),
    findings: renderVerdict(array.id, array.verdict),
    outliers: array.outliers.map(({ kind, tasks: worst }) => ({ kind, tasks: worst.map(renderTask) })),
  };
}

/** How each list of `tasks` is made. */
export const ARRAY_COLUMNS: { readonly [Name in keyof ArrayColumns]: (task: ArrayTask) => unknown } = {
  job_id: ({ jobId }) => jobId,
  task_id: ({ taskId = null }) => taskId,
  state: ({ state }) => state,
  runtime_seconds: ({ runtimeSeconds }) => (runtimeSeconds === undefined ? null : Math.round(runtimeSeconds)),
  cpu_usage: ({ cpuUsage }) => (cpuUsage === undefined ? null : tenths(cpuUsage)),
  memory_peak_mb: ({ memoryPeakMb }) => (memoryPeakMb === undefined ? null : Math.round(memoryPeakMb)),
  gpu_usage: ({ gpuUsage }) => (gpuUsage === undefined ? null : tenths(gpuUsage)),
};

export const GET_ARRAY = operation({
  id: 'getArray',
  method: 'GET',
  path: '/v1/arrays/:arrayId',
  tag: 'Jobs',
  access: 'read',
  summary:
    'Show all tasks of an array as one: states, distributions, the tasks that stand out, and every task in columns. ' +
    'Somebody who sees only their own jobs gets those tasks',
  parameters: [
    {
      name: 'arrayId',
      in: 'path',
      required: true,
      description: 'Id of the array, the `array_job_id` of its tasks; percent-encoded',
      schema: Type.String({ minLength: 1 }),
      example: '4711',
    },
  ],
  answers: { 200: { schema: ArrayAnswer, means: 'The array' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'always',
});
