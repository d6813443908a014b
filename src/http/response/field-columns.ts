import type { SpreadColumns } from '../../domain/point-columns.ts';
import { codesOf, type FieldName } from '../../domain/reading-fields.ts';
import type { Readings } from '../../domain/readings.ts';
import { encodeText } from './text-writer.ts';

/** One field of the rows of an answer: its name as JSON has it, and where its values are. */
export interface FieldColumn {
  readonly key: Uint8Array;
  readonly minKey: Uint8Array;
  readonly maxKey: Uint8Array;
  /** NaN in rows that do not have the field. */
  readonly values: Float64Array;
  /** Undefined if points know nothing of it. */
  readonly spread: SpreadColumns | undefined;
  /** Whether a point shows its mean as a whole number: MB of memory. */
  readonly isWholeInPoints: boolean;
}

const keyOf = (name: string): Uint8Array => encodeText(`,"${name}":`);

/** Finds the columns of the fields of an answer. `readings` must have been read with their codes. */
export function fieldColumns(readings: Readings, fields: readonly FieldName[]): FieldColumn[] {
  let further = 0;
  return fields.map((name) => ({
    key: keyOf(name),
    minKey: keyOf(`${name}_min`),
    maxKey: keyOf(`${name}_max`),
    isWholeInPoints: name === 'memory_usage_mb',
    ...(codesOf([name]).length > 0 ? furtherColumn(readings, further++) : usageColumn(readings, name)),
  }));
}

type Values = Pick<FieldColumn, 'values' | 'spread'>;

function furtherColumn({ further, points }: Readings, place: number): Values {
  return { values: further?.[place]?.values ?? NO_VALUES, spread: points?.further?.[place] };
}

function usageColumn({ cpu, memory, gpu, points }: Readings, name: string): Values {
  if (name === 'cpu_usage') {
    return { values: cpu, spread: points && { min: points.cpuMin, mean: cpu, max: points.cpuMax } };
  }
  if (name === 'gpu_usage') {
    return { values: gpu, spread: points && { min: points.gpuMin, mean: gpu, max: points.gpuMax } };
  }
  return { values: memory, spread: points && { min: points.memoryMin, mean: memory, max: points.memoryMax } };
}

/** For an answer without rows. */
const NO_VALUES = new Float64Array(0);
