import { type TNumber, type TOptional, Type } from '@sinclair/typebox';
import { MAX_SAMPLE_GPUS } from '../domain/batch-measures.ts';
import { MEASURES, type Measured, type MeasureName } from '../domain/measure.ts';
import { optional, type Wire } from './field.ts';

/** The fields of further measures, in the order of the catalogue. */
const fieldsOf = (of: 'job' | 'gpu') =>
  Object.fromEntries(
    [...MEASURES.values()]
      .filter((measure) => measure.of === of)
      .map(({ name, unit, help }) => [
        name,
        optional(Type.Number({ minimum: 0, description: `${help}, in ${unit}` })),
      ]),
  ) as Record<MeasureName, TOptional<TNumber>>;

const GPU_FIELDS = fieldsOf('gpu');
const GPU_NAME = Type.String({
  format: 'gpu',
  description: 'UUID of the GPU: 1 to 128 characters, without blanks',
});

/** What a row of a batch may have beside the three documented values. */
export const MEASURED_FIELDS = {
  ...fieldsOf('job'),
  gpus: optional(
    Type.Array(Type.Object({ gpu: GPU_NAME, ...GPU_FIELDS }), {
      maxItems: MAX_SAMPLE_GPUS,
      description: 'Readings of the GPUs that the job holds on the node, each GPU once',
    }),
  ),
};

/** Measures of a sample as they are sent beside the three documented values. */
export interface SentMeasures {
  readonly measures?: Measured;
  readonly gpus?: readonly SentGpu[];
}

/** One reading of a GPU. */
export interface SentGpu {
  /** Its UUID. */
  readonly gpu: string;
  readonly values: Measured;
}

const Body = Type.Object(MEASURED_FIELDS);

export const renderMeasures = ({ measures = {}, gpus = [] }: SentMeasures): Wire<typeof Body> => ({
  ...measures,
  ...(gpus.length > 0 && { gpus: gpus.map(({ gpu, values }) => ({ gpu, ...values })) }),
});

const list = (items: Record<string, unknown>, description: string) =>
  Type.Unsafe<readonly unknown[]>({ type: 'array', items, description });
const NUMBER = { type: 'number', minimum: 0, nullable: true };

/** The published form of columns of measures; `http/request/sample-columns.ts` checks them. */
const columnsOf = (fields: Record<string, { description?: string }>) =>
  Object.fromEntries(
    Object.entries(fields).map(([name, { description = '' }]) => [
      name,
      Type.Optional(list(NUMBER, description)),
    ]),
  );
const { gpus: _, ...JOB_FIELDS } = MEASURED_FIELDS;
export const JOB_COLUMNS = columnsOf(JOB_FIELDS);
export const GPU_COLUMNS = {
  sample: list({ type: 'integer', minimum: 0 }, 'Index of the sample of each reading; ascending'),
  gpu: list({ type: 'string', minLength: 1, maxLength: 128 }, 'UUID of the GPU of each reading'),
  ...columnsOf(GPU_FIELDS),
};
