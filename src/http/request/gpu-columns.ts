import { type GpuColumns, isGpuName, MAX_SAMPLE_GPUS } from '../../domain/batch-measures.ts';
import { invalid } from '../../domain/errors.ts';
import { CODES, requireFew } from '../../domain/measure-columns.ts';
import type { startPace } from '../../pace.ts';
import { fieldsAt, type Lists, markFaults, pick, readLists, readMeasures } from './column-lists.ts';

export const GPU_NAMES: ReadonlySet<string> = new Set(['sample', 'gpu', ...CODES.gpu.keys()]);

/** Readings of GPUs of a batch of columns. */
export interface GpuReadings {
  readonly columns: GpuColumns;
  /** Returns the readings of one sample as rows have them. */
  rowsOf(sample: number): Record<string, unknown>[];
  /** Returns the readings of some samples, whose indexes are their places among these. */
  keep(samples: readonly number[]): GpuColumns;
}

/**
 * Reads the readings of GPUs of `count` samples, and marks the samples of those that are not good. Throws
 * `validation_error` if the lists do not fit together. Undefined if there are none.
 */
export async function readGpuColumns(
  value: unknown,
  count: number,
  mark: (sample: number) => void,
  pace: ReturnType<typeof startPace>,
): Promise<GpuReadings | undefined> {
  if (value == null) return undefined;
  const lists = readLists(value, { label: 'gpus', first: 'sample', names: GPU_NAMES });
  const names = lists.get('gpu') as readonly string[] | undefined;
  if (!names) throw invalid('gpus.gpu must be a list.');
  if (names.length === 0) return undefined;
  requireFew(names.length);
  const samples = readIndexes(lists.get('sample')!, count);
  const markReading = (at: number) => mark(samples[at]!);
  markFaults(names, (name) => typeof name === 'string' && isGpuName(name), markReading);
  markRepeats(samples, names, markReading);
  if (pace.isDue()) await pace.rest();
  const columns = await readMeasures(lists, CODES.gpu, markReading, pace);
  return {
    columns: { samples, names, columns },
    rowsOf: rowReader(samples, lists),
    keep: keeper(samples, names, columns),
  };
}

function readIndexes(list: readonly unknown[], count: number): Uint32Array {
  const samples = new Uint32Array(list.length);
  let last = 0;
  for (let at = 0; at < list.length; at++) {
    const index = list[at];
    if (!Number.isInteger(index) || (index as number) < 0 || (index as number) >= count)
      throw invalid(`gpus.sample.${at} must be the index of one of the ${count} samples, from 0.`);
    if ((index as number) < last)
      throw invalid(`gpus.sample.${at} is less than the one before; order them by sample.`);
    last = index as number;
    samples[at] = last;
  }
  return samples;
}

/** Marks samples with too many GPUs, or with one GPU twice. */
function markRepeats(samples: Uint32Array, names: readonly string[], mark: (at: number) => void): void {
  let seen = new Set<string>();
  for (let at = 0; at < samples.length; at++) {
    if (at > 0 && samples[at] !== samples[at - 1]) seen = new Set();
    if (seen.has(names[at]!) || seen.size === MAX_SAMPLE_GPUS) mark(at);
    else seen.add(names[at]!);
  }
}

function rowReader(samples: Uint32Array, lists: Lists) {
  const others = new Map([...lists].filter(([name]) => name !== 'sample'));
  // Samples are asked for in order.
  let from = 0;
  return (sample: number): Record<string, unknown>[] => {
    while (from < samples.length && samples[from]! < sample) from++;
    const rows: Record<string, unknown>[] = [];
    for (let at = from; samples[at] === sample && rows.length <= MAX_SAMPLE_GPUS; at++)
      rows.push(fieldsAt(others, at));
    return rows;
  };
}

function keeper(samples: Uint32Array, names: readonly string[], columns: GpuColumns['columns']) {
  return (kept: readonly number[]): GpuColumns => {
    const places = new Map(kept.map((sample, place) => [sample, place]));
    const readings = [...samples.keys()].filter((at) => places.has(samples[at]!));
    return {
      samples: Uint32Array.from(readings, (at) => places.get(samples[at]!)!),
      names: readings.map((at) => names[at]!),
      columns: new Map([...columns].map(([code, column]) => [code, pick(column, readings)])),
    };
  };
}
