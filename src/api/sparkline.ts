import { Type } from '@sinclair/typebox';
import type { Sparkline, Sparklines } from '../domain/sparkline.ts';
import { formatTime } from '../domain/time.ts';
import { Time, type Wire } from './field.ts';
import { operation, queryParameter } from './operation.ts';

export const MAX_SPARKLINE_JOBS = 100;
export const MAX_SPARKLINE_POINTS = 400;
export const DEFAULT_SPARKLINE_POINTS = 30;

const column = (description: string) =>
  Type.Array(Type.Integer({ nullable: true }), { description: `${description}; null without samples` });

const SparklineAnswer = Type.Object(
  {
    job: Type.String(),
    start_time: Time('Start of the first span'),
    seconds: Type.Number({ description: 'Length of each span' }),
    cpu: column('Mean CPU usage of the nodes in percent, a value a span'),
    memory_mb: column('Memory of all nodes'),
    gpu: Type.Optional(column('Mean GPU usage in percent; absent if no sample has it')),
  },
  { additionalProperties: false },
);
export type SparklineAnswer = Wire<typeof SparklineAnswer>;

export const SparklineListAnswer = Type.Object(
  {
    sparklines: Type.Array(SparklineAnswer, {
      description: 'In the order of the request, without jobs that are unknown or have no samples',
    }),
    skipped: Type.Array(Type.String(), {
      description: 'Jobs of many nodes for which there was no time; ask for their samples with max_points',
    }),
  },
  { $id: 'SparklineList', additionalProperties: false },
);
export type SparklineListAnswer = Wire<typeof SparklineListAnswer>;

const whole = (values: readonly number[]): (number | null)[] =>
  values.map((value) => (Number.isNaN(value) ? null : Math.round(value)));

const renderSparkline = (line: Sparkline): SparklineAnswer => ({
  job: line.jobId,
  start_time: formatTime(line.startMs),
  seconds: line.spanMs / 1000,
  cpu: whole(line.cpuUsage) as number[],
  memory_mb: whole(line.memoryUsageMb) as number[],
  ...(line.gpuUsage && { gpu: whole(line.gpuUsage) as number[] }),
});

export const renderSparklines = ({ lines, skipped }: Sparklines): SparklineListAnswer => ({
  sparklines: lines.map(renderSparkline),
  skipped: [...skipped],
});

export const LIST_SPARKLINES = operation({
  id: 'listSparklines',
  method: 'GET',
  path: '/v1/sparklines',
  tag: 'Samples',
  access: 'read',
  summary: 'The usage of up to 100 jobs over their time, in few small numbers',
  parameters: [
    {
      ...queryParameter(
        'job',
        `Id of a job; repeat it for up to ${MAX_SPARKLINE_JOBS} jobs`,
        Type.String({ minLength: 1 }),
      ),
      required: true,
      example: 'job-001',
    },
    queryParameter(
      'points',
      'Spans of a job at most; beyond four hours they are multiples of 15 minutes',
      Type.Integer({ minimum: 2, maximum: MAX_SPARKLINE_POINTS, default: DEFAULT_SPARKLINE_POINTS }),
    ),
  ],
  answers: { 200: { schema: SparklineListAnswer, means: 'The sparklines' } },
  errors: ['validation_error', 'unavailable'],
  repeatable: 'always',
});
