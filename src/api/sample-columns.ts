import { Type } from '@sinclair/typebox';
import { MEASURES, type MeasureName } from '../domain/measure.ts';
import { formatTime } from '../domain/time.ts';
import { optional } from './field.ts';
import { GPU_COLUMNS, JOB_COLUMNS } from './measured.ts';
import { NodeReportBody } from './node-report.ts';
import type { SampleRowBody, SentRow } from './sample-row.ts';

// The second shape of a batch of samples: a list for each field instead of an object for each sample. It is a
// fifth to a third as long, and takes half the time to read. `http/request/sample-columns.ts` checks it.

type Items = Readonly<Record<string, unknown>>;
const list = (items: Items, description: string) =>
  Type.Unsafe<readonly unknown[]>({ type: 'array', items, description });
const textOrList = (description: string, format: Items = {}) =>
  Type.Optional(
    Type.Unsafe<unknown>({
      oneOf: [
        { type: 'string', ...format },
        { type: 'array', items: { type: 'string', nullable: true, ...format } },
      ],
      description: `${description}; one text stands for all samples`,
    }),
  );
const PERCENT = { type: 'number', minimum: 0, maximum: 100 };

export const SampleColumnsBody = Type.Object(
  {
    columns: Type.Object(
      {
        job_id: textOrList('Measured job of each sample; required unless sluid names the run'),
        sluid: textOrList('Instead of job_id: the SLUID of the measured run'),
        node: textOrList('Measured node; the first node of the job by default'),
        timestamp: textOrList('ISO 8601 time of the measurement; the server’s clock by default', {
          format: 'date-time',
        }),
        cpu_usage: list(PERCENT, 'CPU usage in percent'),
        memory_usage_mb: list({ type: 'integer', minimum: 0 }, 'Memory in MB (2^20 bytes)'),
        gpu_usage: Type.Optional(list({ ...PERCENT, nullable: true }, 'GPU usage in percent')),
        ...JOB_COLUMNS,
      },
      { description: 'A list for each field of a row, all of one length; null where nothing was measured' },
    ),
    report: optional(NodeReportBody),
    gpus: Type.Optional(
      Type.Object(GPU_COLUMNS, { description: 'Readings of single GPUs, in the order of their samples' }),
    ),
  },
  {
    title: 'Columns',
    example: {
      columns: {
        job_id: ['job-001', 'job-001'],
        node: ['node-01', 'node-02'],
        cpu_usage: [75.5, 80],
        memory_usage_mb: [4096, 4100],
        gpu_usage: [null, 50],
        cpu_seconds: [912.4, null],
      },
      gpus: { sample: [1], gpu: ['GPU-5f1c'], gpu_utilization_percent: [50], gpu_power_watts: [310] },
    },
  },
);

/** Columns as they are sent: a list, or a text that stands for all samples. */
export interface SampleColumns {
  readonly columns: Readonly<Record<string, unknown>>;
  readonly gpus?: Readonly<Record<string, readonly unknown[]>>;
}

const MEASURE_NAMES = [...MEASURES.keys()];

/** Writes samples as columns. What none of them has is left out. */
export function renderSampleColumns(rows: readonly SentRow[]): SampleColumns {
  const named = (name: 'jobId' | 'sluid') => (row: SentRow) =>
    (row as { [key in typeof name]?: string })[name];
  const columns = {
    ...textColumn('job_id', rows.map(named('jobId'))),
    ...textColumn('sluid', rows.map(named('sluid'))),
    ...textColumn(
      'node',
      rows.map(({ node }) => node),
    ),
    ...textColumn('timestamp', timesOf(rows)),
    cpu_usage: rows.map(({ cpuUsage }) => cpuUsage),
    memory_usage_mb: rows.map(({ memoryUsageMb }) => memoryUsageMb),
    ...column(
      'gpu_usage',
      rows.map(({ gpuUsage }) => gpuUsage),
    ),
    ...measureColumns(rows.map(({ measures = {} }) => measures)),
  };
  const readings = rows.flatMap(({ gpus = [] }, sample) => gpus.map((gpu) => ({ sample, ...gpu })));
  if (readings.length === 0) return { columns };
  return {
    columns,
    gpus: {
      sample: readings.map(({ sample }) => sample),
      gpu: readings.map(({ gpu }) => gpu),
      ...measureColumns(readings.map(({ values }) => values)),
    },
  };
}

/** Writes columns, as `renderSampleColumns` returned them, as rows, for a service that reads no columns. */
export function rowsOfColumns({ columns, gpus = {} }: SampleColumns): SampleRowBody[] {
  const { length } = columns.cpu_usage as readonly unknown[];
  const rowOf = (fields: SampleColumns['columns'], at: number) =>
    Object.fromEntries(
      Object.entries(fields)
        .map(([name, values]) => [name, Array.isArray(values) ? values[at] : values])
        .filter(([, value]) => value !== null),
    );
  const samples = Array.from({ length }, (_, at) => rowOf(columns, at));
  const { sample = [], ...fields } = gpus;
  for (const [at, index] of sample.entries()) {
    const row = samples[index as number]!;
    row.gpus ??= [];
    row.gpus.push(rowOf(fields, at));
  }
  return samples as unknown as SampleRowBody[];
}

/** Formats each time once: samples of one round have one time. */
function timesOf(rows: readonly SentRow[]): (string | undefined)[] {
  const texts = new Map<number, string>();
  return rows.map(({ timeMs }) => {
    if (timeMs === undefined) return undefined;
    const text = texts.get(timeMs) ?? formatTime(timeMs);
    texts.set(timeMs, text);
    return text;
  });
}

function textColumn(name: string, values: readonly (string | undefined)[]) {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first)
    ? { [name]: first }
    : column(name, values);
}

function column(name: string, values: readonly (string | number | undefined)[]) {
  if (values.every((value) => value === undefined)) return {};
  return { [name]: values.map((value) => value ?? null) };
}

const measureColumns = (rows: readonly { readonly [Name in MeasureName]?: number }[]) =>
  Object.assign(
    {},
    ...MEASURE_NAMES.map((name) =>
      column(
        name,
        rows.map((row) => row[name]),
      ),
    ),
  );
