import { Type } from '@sinclair/typebox';
import { type JobStep, MAX_STEPS, type Said } from '../domain/slurm-asks.ts';
import { formatTime } from '../domain/time.ts';
import { Time, type Wire } from './field.ts';
import { JOB_ID, operation } from './operation.ts';

const StepAnswer = Type.Object(
  {
    step: Type.String({ description: '`batch`, `extern`, or the number of a call of srun' }),
    name: Type.Optional(Type.String()),
    raw_state: Type.String({ description: "Slurm's word" }),
    exit_code: Type.Optional(Type.Integer()),
    signal: Type.Optional(Type.Integer()),
    start_time: Type.Optional(Time('When it started')),
    end_time: Type.Optional(Time('When it ended; absent while it runs')),
    elapsed_seconds: Type.Optional(Type.Integer({ minimum: 0 })),
    cpu_seconds: Type.Optional(Type.Number({ description: 'CPU time of its processes' })),
    max_memory_mb: Type.Optional(
      Type.Integer({ description: 'Most memory of one of its tasks, in MB of 2^20 bytes' }),
    ),
    cpus: Type.Optional(Type.Integer()),
    nodes: Type.Optional(Type.String({ description: "Slurm's list of nodes" })),
  },
  { additionalProperties: false },
);

export const StepListAnswer = Type.Object(
  {
    job_id: Type.String(),
    steps: Type.Array(StepAnswer, { description: `At most ${MAX_STEPS}` }),
    asked_time: Time('When sacct was asked, at most a minute ago'),
  },
  { $id: 'StepList', additionalProperties: false },
);
export type StepListAnswer = Wire<typeof StepListAnswer>;

const timeOf = (name: string, timeMs: number | undefined) =>
  timeMs === undefined ? {} : { [name]: formatTime(timeMs) };
const fieldOf = <Value>(name: string, value: Value | undefined) =>
  value === undefined ? {} : { [name]: value };

const renderStep = (step: JobStep): StepListAnswer['steps'][number] => ({
  step: step.step,
  ...fieldOf('name', step.name),
  raw_state: step.rawState,
  ...fieldOf('exit_code', step.exitCode),
  ...fieldOf('signal', step.signal),
  ...timeOf('start_time', step.startTimeMs),
  ...timeOf('end_time', step.endTimeMs),
  ...fieldOf('elapsed_seconds', step.elapsedSeconds),
  ...fieldOf('cpu_seconds', step.cpuSeconds),
  ...fieldOf('max_memory_mb', step.maxMemoryMb),
  ...fieldOf('cpus', step.cpus),
  ...fieldOf('nodes', step.nodes),
});

export const renderSteps = (jobId: string, { value, timeMs }: Said<readonly JobStep[]>): StepListAnswer => ({
  job_id: jobId,
  steps: value.map(renderStep),
  asked_time: formatTime(timeMs),
});

export const LIST_STEPS = operation({
  id: 'listSteps',
  method: 'GET',
  path: '/v1/jobs/:jobId/steps',
  tag: 'Jobs',
  access: 'read',
  summary: "List the steps of a job's latest run, as Slurm's accounting has them now",
  parameters: [JOB_ID],
  answers: { 200: { schema: StepListAnswer, means: 'The steps' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'always',
});
