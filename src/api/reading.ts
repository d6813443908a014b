import { Type } from '@sinclair/typebox';
import { MEASURES, type MeasureName } from '../domain/measure.ts';
import { FIELD_NAMES, type FieldName } from '../domain/reading-fields.ts';
import type { ReadingQuery } from '../domain/store/samples.ts';
import type { Spread } from '../domain/summary.ts';
import { requireTime } from '../domain/time.ts';
import { type Schema, Time, type Wire } from './field.ts';
import { SpreadAnswer } from './sample.ts';
import { CpuUsage, GpuUsage, MemoryUsage } from './usage.ts';

export const READING_BY = ['gpu'] as const;

/** Selects readings with chosen fields. */
export interface MeasureQuery extends Omit<ReadingQuery, 'codes'> {
  /** By default the documented three, or all measures of GPUs with `by`. */
  readonly fields?: readonly FieldName[];
}

const USAGE = { cpu_usage: CpuUsage, memory_usage_mb: MemoryUsage, gpu_usage: GpuUsage };

/** Applies a function to every field that a row can have. */
const eachField = <Value>(make: (name: FieldName) => Value) =>
  Object.fromEntries(FIELD_NAMES.map((name) => [name, make(name)])) as Record<FieldName, Value>;

function fieldSchema(name: FieldName): Schema {
  const measure = MEASURES.get(name as MeasureName);
  if (!measure) return USAGE[name as keyof typeof USAGE];
  const { help, unit, kind } = measure;
  return Type.Number({ description: `${help} (${unit}, ${kind})` });
}

const Fields = eachField((name) => Type.Optional(Type.Unsafe<number>(fieldSchema(name))));
const Spreads = eachField(() => Type.Optional(SpreadAnswer));

const Labels = {
  timestamp: Time('Time of the measurement'),
  node: Type.Optional(Type.String({ description: 'Measured node; absent for the first node of the job' })),
  gpu: Type.Optional(Type.String({ description: 'UUID of the measured GPU; only with by=gpu' })),
};

/** A sample with chosen fields, or a point that summarizes samples. */
export const ReadingAnswer = Type.Object(
  {
    ...Labels,
    ...Fields,
    summary: Type.Optional(
      Type.Object(
        {
          seconds: Type.Number({ description: 'Length of the span, which begins at the timestamp' }),
          samples: Type.Integer({ minimum: 1, description: 'Samples in the span' }),
          ...Spreads,
        },
        {
          additionalProperties: false,
          description:
            'Present in a point that summarizes the samples of a span: the least, mean and greatest value of single samples. ' +
            'The values above are means, those of counters the last value, added up over the nodes',
        },
      ),
    ),
  },
  { $id: 'Reading', additionalProperties: false },
);
type ReadingAnswer = Wire<typeof ReadingAnswer>;

/** The columns of CSV. */
export function sampleColumns(fields: readonly FieldName[], by?: 'gpu'): string[] {
  const ends = fields.flatMap((name) => [`${name}_min`, `${name}_max`]);
  return ['timestamp', 'node', ...(by === 'gpu' ? ['gpu'] : []), ...fields, 'seconds', 'samples', ...ends];
}

/** A row of NDJSON, without objects inside; the fields from `seconds` on are those of a point. */
export const ReadingRow = Type.Object(
  {
    ...Labels,
    ...Fields,
    seconds: Type.Optional(Type.Number()),
    samples: Type.Optional(Type.Integer({ minimum: 1 })),
    ...Object.fromEntries(
      FIELD_NAMES.flatMap((name) => [`${name}_min`, `${name}_max`]).map((name) => [
        name,
        Type.Optional(Type.Number()),
      ]),
    ),
  },
  { additionalProperties: false },
);
type ReadingRow = Wire<typeof ReadingRow> & Readonly<Record<string, unknown>>;

type Values<Value> = Readonly<Partial<Record<FieldName, Value>>>;

/** A sample, or a point that summarizes the samples of a span. */
export interface MeasuredReading {
  readonly timeMs: number;
  /** Absent for the first node of the job. */
  readonly node?: string;
  /** UUID of the GPU, if readings of single GPUs were asked for. */
  readonly gpu?: string;
  /** What was measured of the wanted fields. */
  readonly values: Values<number>;
  readonly span?: {
    readonly seconds: number;
    readonly samples: number;
    readonly spreads: Values<Partial<Spread>>;
  };
}

/** Returns the fields of a row for which there is something. */
function pickFields<Value>(pick: (name: FieldName) => Value | undefined): Values<Value> {
  const found = FIELD_NAMES.map((name) => [name, pick(name)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as Values<Value>;
}

const readLabels = ({ timestamp, node, gpu }: Pick<ReadingAnswer, 'timestamp' | 'node' | 'gpu'>) => ({
  timeMs: requireTime('timestamp', timestamp),
  ...(node !== undefined && { node }),
  ...(gpu !== undefined && { gpu }),
});

/** Reads a row of JSON. */
export function readReading(answer: ReadingAnswer): MeasuredReading {
  const { summary } = answer;
  return {
    ...readLabels(answer),
    values: pickFields((name) => answer[name]),
    ...(summary && {
      span: {
        seconds: summary.seconds,
        samples: summary.samples,
        spreads: pickFields((name) => summary[name]),
      },
    }),
  };
}

/** Reads a row of NDJSON, which has no means beside the values. */
export function readReadingRow(row: ReadingRow): MeasuredReading {
  const { seconds, samples } = row;
  const spreadOf = (name: FieldName): Partial<Spread> | undefined => {
    const [min, max] = [row[`${name}_min`], row[`${name}_max`]];
    return typeof min === 'number' && typeof max === 'number' ? { min, max } : undefined;
  };
  return {
    ...readLabels(row),
    values: pickFields((name) => row[name]),
    ...(seconds !== undefined &&
      samples !== undefined && { span: { seconds, samples, spreads: pickFields(spreadOf) } }),
  };
}
