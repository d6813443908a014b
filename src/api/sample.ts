import { Type } from '@sinclair/typebox';
import type { NewSample, Sample } from '../domain/sample.ts';
import type { Spread } from '../domain/summary.ts';
import { formatTime, requirePastTime, requireTime } from '../domain/time.ts';
import { WRITE_ERRORS } from './error.ts';
import { Identity, Moment, optional, Time, type Wire } from './field.ts';
import { JOB_ID, operation } from './operation.ts';
import { CpuUsage, GpuUsage, MemoryUsage } from './usage.ts';

export const SampleBody = Type.Object(
  {
    cpu_usage: CpuUsage,
    memory_usage_mb: MemoryUsage,
    gpu_usage: optional(GpuUsage),
    timestamp: optional(
      Moment('ISO 8601 time of the measurement, to back-fill; the server’s clock by default'),
    ),
    node: optional(Identity('Measured node of the job; its first node by default')),
  },
  {
    additionalProperties: false,
    example: { cpu_usage: 75.5, memory_usage_mb: 4096, gpu_usage: 50 },
  },
);
export type SampleBody = Wire<typeof SampleBody>;

/** Reads a sample; `validation_error` for a time that is malformed or in the future. */
export function readNewSample(body: SampleBody, nowMs: number): NewSample {
  const { timestamp, node, gpu_usage } = body;
  return {
    timeMs: timestamp === undefined ? nowMs : requirePastTime('timestamp', timestamp, nowMs),
    cpuUsage: body.cpu_usage,
    memoryUsageMb: body.memory_usage_mb,
    ...(gpu_usage !== undefined && { gpuUsage: gpu_usage }),
    ...(node !== undefined && { node }),
    stamped: timestamp === undefined,
  };
}

/** A sample as a client sends it. */
export interface SentSample extends Omit<NewSample, 'timeMs' | 'stamped'> {
  /** The server's clock by default. */
  readonly timeMs?: number;
}

export const renderNewSample = ({ timeMs, ...sample }: SentSample): SampleBody => ({
  ...(timeMs !== undefined && { timestamp: formatTime(timeMs) }),
  ...renderUsage(sample),
});

export const SpreadAnswer = Type.Object(
  { min: Type.Number(), mean: Type.Number(), max: Type.Number() },
  { additionalProperties: false },
);

export const SampleAnswer = Type.Object(
  {
    timestamp: Time('Time of the measurement'),
    node: Type.Optional(Type.String({ description: 'Measured node; absent for the first node of the job' })),
    cpu_usage: CpuUsage,
    memory_usage_mb: MemoryUsage,
    gpu_usage: Type.Optional(GpuUsage),
    summary: Type.Optional(
      Type.Object(
        {
          seconds: Type.Number({ description: 'Length of the span, which begins at the timestamp' }),
          samples: Type.Integer({ minimum: 1, description: 'Samples in the span' }),
          cpu_usage: SpreadAnswer,
          memory_usage_mb: SpreadAnswer,
          gpu_usage: Type.Optional(SpreadAnswer),
        },
        {
          additionalProperties: false,
          description: 'Present in a point that summarizes the samples of a span; the values above are means',
        },
      ),
    ),
  },
  { $id: 'Sample', additionalProperties: false },
);
export type SampleAnswer = Wire<typeof SampleAnswer>;

export const renderSample = ({ timeMs, ...usage }: NodeSample): SampleAnswer => ({
  timestamp: formatTime(timeMs),
  ...renderUsage(usage),
});

const renderUsage = ({ node, cpuUsage, memoryUsageMb, gpuUsage }: Omit<NodeSample, 'timeMs'>) => ({
  ...(node !== undefined && { node }),
  cpu_usage: cpuUsage,
  memory_usage_mb: memoryUsageMb,
  ...(gpuUsage !== undefined && { gpu_usage: gpuUsage }),
});

interface NodeSample extends Sample {
  /** Absent for the first node of the job. */
  readonly node?: string;
}

/** A sample, or a point that summarizes the samples of a span and has their means. */
export interface Reading extends NodeSample {
  readonly span?: {
    readonly seconds: number;
    readonly samples: number;
    readonly cpuUsage: Spread;
    readonly memoryUsageMb: Spread;
    readonly gpuUsage?: Spread;
  };
}

type Plain = Pick<SampleAnswer, 'timestamp' | 'node' | 'cpu_usage' | 'memory_usage_mb' | 'gpu_usage'>;

const readPlain = ({ timestamp, node, cpu_usage, memory_usage_mb, gpu_usage }: Plain): NodeSample => ({
  timeMs: requireTime('timestamp', timestamp),
  ...(node !== undefined && { node }),
  cpuUsage: cpu_usage,
  memoryUsageMb: memory_usage_mb,
  ...(gpu_usage !== undefined && { gpuUsage: gpu_usage }),
});

/** Reads a sample of JSON. */
export function readSample(answer: SampleAnswer): Reading {
  if (!answer.summary) return readPlain(answer);
  const { seconds, samples, cpu_usage, memory_usage_mb, gpu_usage } = answer.summary;
  const spreads = { cpuUsage: cpu_usage, memoryUsageMb: memory_usage_mb };
  return {
    ...readPlain(answer),
    span: { seconds, samples, ...spreads, ...(gpu_usage !== undefined && { gpuUsage: gpu_usage }) },
  };
}

/** A row of CSV or NDJSON, without objects inside; the fields from `seconds` on are those of a point. */
export const SampleRow = Type.Object(
  {
    ...Type.Omit(SampleAnswer, ['summary']).properties,
    seconds: Type.Optional(Type.Number()),
    samples: Type.Optional(Type.Integer({ minimum: 1 })),
    cpu_usage_min: Type.Optional(Type.Number()),
    cpu_usage_max: Type.Optional(Type.Number()),
    memory_usage_mb_min: Type.Optional(Type.Number()),
    memory_usage_mb_max: Type.Optional(Type.Number()),
    gpu_usage_min: Type.Optional(Type.Number()),
    gpu_usage_max: Type.Optional(Type.Number()),
  },
  { additionalProperties: false },
);
type SampleRow = Wire<typeof SampleRow>;

/** Reads a row of NDJSON. */
export function readSampleRow(row: SampleRow): Reading {
  const sample = readPlain(row);
  const { seconds, samples } = row;
  if (seconds === undefined || samples === undefined) return sample;
  const spread = (mean: number, min = mean, max = mean): Spread => ({ min, mean, max });
  return {
    ...sample,
    span: {
      seconds,
      samples,
      cpuUsage: spread(row.cpu_usage, row.cpu_usage_min, row.cpu_usage_max),
      memoryUsageMb: spread(row.memory_usage_mb, row.memory_usage_mb_min, row.memory_usage_mb_max),
      ...(row.gpu_usage !== undefined && {
        gpuUsage: spread(row.gpu_usage, row.gpu_usage_min, row.gpu_usage_max),
      }),
    },
  };
}

export const RECORD_SAMPLE = operation({
  id: 'recordSample',
  method: 'POST',
  path: '/v1/jobs/:jobId/metrics',
  tag: 'Samples',
  access: 'ingest',
  summary: 'Record a sample, which becomes the current usage of the job',
  parameters: [JOB_ID],
  body: { schema: SampleBody },
  answers: { 201: { schema: SampleAnswer, means: 'The sample, on disk' } },
  errors: [...WRITE_ERRORS, 'not_found'],
  // Two samples of one millisecond are both stored.
  repeatable: 'never',
});
