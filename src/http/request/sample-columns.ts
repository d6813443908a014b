import { type BatchMeasures, MAX_BATCH_READINGS } from '../../domain/batch-measures.ts';
import { isIdentity } from '../../domain/identity.ts';
import { MAX_MEMORY_MB } from '../../domain/job.ts';
import { CODES } from '../../domain/measure-columns.ts';
import { MAX_BATCH_SAMPLES } from '../../domain/sample.ts';
import type { JobSample } from '../../domain/store/samples.ts';
import { requirePastTime } from '../../domain/time.ts';
import { startPace } from '../../pace.ts';
import { fieldsAt, type Lists, markFaults, pick, readLists, readMeasures } from './column-lists.ts';
import { GPU_NAMES, type GpuReadings, readGpuColumns } from './gpu-columns.ts';
import { MAX_VALUE_LENGTH } from './limits.ts';
import { type GroupLimits, tooManyRows } from './list-cutter.ts';
import type { BatchBody } from './row-reader.ts';
import type { RowSorter } from './sorted-rows.ts';

const isPercent = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 100;
const isName = (value: unknown): boolean =>
  value === undefined || (typeof value === 'string' && isIdentity(value));

/** Whether a value can be stored. A row with another one is checked as a row is, which explains it. */
const CHECKS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['job_id', isName],
  ['sluid', isName],
  ['node', isName],
  ['cpu_usage', isPercent],
  [
    'memory_usage_mb',
    (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_MEMORY_MB,
  ],
  ['gpu_usage', (value) => value === undefined || isPercent(value)],
]);

const TEXTS = new Set(['job_id', 'sluid', 'node', 'timestamp']);
const FIRST = 'cpu_usage';
const NAMES = new Set([...CHECKS.keys(), 'timestamp', ...CODES.job.keys()]);

/** The objects with columns. Their values are counted while they arrive. */
export const COLUMN_GROUPS: ReadonlyMap<string, GroupLimits> = new Map([
  ['columns', { names: NAMES, maxRows: MAX_BATCH_SAMPLES, maxRowLength: MAX_VALUE_LENGTH }],
  ['gpus', { names: GPU_NAMES, maxRows: MAX_BATCH_READINGS, maxRowLength: MAX_VALUE_LENGTH }],
]);

/** Rows between two looks at the clock. */
const ROWS_AT_ONCE = 1000;

/**
 * Passes the samples of a batch of columns to `sorter`, yielding to other requests in between, and returns
 * their further measures. Columns are checked one by one; only a row at fault becomes an object, so that its
 * refusal has the same words as that of a row. Throws `validation_error` if the lists do not fit together.
 */
export async function readColumns(
  body: BatchBody,
  sorter: RowSorter<JobSample>,
  nowMs: number,
): Promise<BatchMeasures | undefined> {
  const pace = startPace();
  const lists = readLists(body.columns, { label: 'columns', first: FIRST, names: NAMES, texts: TEXTS });
  const count = lists.get(FIRST)!.length;
  if (count > MAX_BATCH_SAMPLES) throw tooManyRows(`columns.${FIRST}`, MAX_BATCH_SAMPLES);
  const isBad = new Uint8Array(count);
  const mark = (place: number): void => {
    isBad[place] = 1;
  };
  const absent = new Array(count).fill(undefined);
  for (const [name, isGood] of CHECKS) {
    markFaults(lists.get(name) ?? absent, isGood, mark);
    if (pace.isDue()) await pace.rest();
  }
  const columns = await readMeasures(lists, CODES.job, mark, pace);
  const gpus = await readGpuColumns(body.gpus, count, mark, pace);
  const makeSample = sampleMaker(lists, nowMs);
  for (let at = 0; at < count; at++) {
    const sample = isBad[at] === 0 ? makeSample(at) : undefined;
    if (sample) sorter.accept(sample);
    else sorter.addRow({ ...fieldsAt(lists, at), gpus: gpus?.rowsOf(at) });
    if (at % ROWS_AT_ONCE === 0 && pace.isDue()) await pace.rest();
  }
  return keepRows(sorter.indexes, count, columns, gpus);
}

/** Returns the measures of the rows that are stored. */
function keepRows(
  indexes: readonly number[],
  count: number,
  columns: ReadonlyMap<number, Float64Array>,
  gpus: GpuReadings | undefined,
): BatchMeasures | undefined {
  const isWhole = indexes.length === count;
  const kept = isWhole
    ? columns
    : new Map([...columns].map(([code, column]) => [code, pick(column, indexes)] as const));
  const readings = isWhole ? gpus?.columns : gpus?.keep(indexes);
  if (readings) return { columns: kept, gpus: readings };
  return kept.size === 0 ? undefined : { columns: kept };
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };
type Texts = readonly (string | null)[] | undefined;

/** Returns a function that makes the sample of a row; undefined if it names no run or no possible time. */
function sampleMaker(lists: Lists, nowMs: number): (at: number) => JobSample | undefined {
  const [jobIds, sluids, nodes] = ['job_id', 'sluid', 'node'].map((name) => lists.get(name) as Texts);
  const cpu = lists.get('cpu_usage') as readonly number[];
  const memory = lists.get('memory_usage_mb') as readonly number[];
  const gpu = lists.get('gpu_usage') as readonly (number | null)[] | undefined;
  const timeAt = timeReader(lists.get('timestamp'), nowMs);
  return (at) => {
    const jobId = jobIds?.[at] ?? '';
    const sluid = sluids?.[at] ?? undefined;
    const timeMs = timeAt(at);
    if ((jobId === '') === (sluid === undefined) || timeMs === undefined) return undefined;
    const sample: Mutable<JobSample> = {
      jobId,
      timeMs: timeMs ?? nowMs,
      cpuUsage: cpu[at]!,
      memoryUsageMb: memory[at]!,
      stamped: timeMs === null,
    };
    const node = nodes?.[at] ?? undefined;
    const gpuUsage = gpu?.[at] ?? undefined;
    if (sluid !== undefined) sample.sluid = sluid;
    if (node !== undefined) sample.node = node;
    if (gpuUsage !== undefined) sample.gpuUsage = gpuUsage;
    return sample;
  };
}

/** Returns a reader of the times of rows: null for none, undefined for one that is not possible. */
function timeReader(times: readonly unknown[] | undefined, nowMs: number) {
  let lastText: unknown;
  let lastMs: number | undefined;
  return (at: number): number | null | undefined => {
    const text = times?.[at] ?? null;
    if (text === null) return null;
    if (text === lastText) return lastMs;
    lastText = text;
    lastMs = undefined;
    if (typeof text !== 'string') return undefined;
    try {
      lastMs = requirePastTime('timestamp', text, nowMs);
    } catch {
      // The row is refused with the reason.
    }
    return lastMs;
  };
}
