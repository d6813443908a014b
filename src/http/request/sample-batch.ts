import type { Check } from '../../api/check.ts';
import { SampleRowBody } from '../../api/sample-row.ts';
import type { BatchMeasures } from '../../domain/batch-measures.ts';
import { type AppError, invalid } from '../../domain/errors.ts';
import { collectMeasures, type GpuFields, requireDistinct } from '../../domain/measure-columns.ts';
import { MAX_BATCH_SAMPLES } from '../../domain/sample.ts';
import type { JobSample } from '../../domain/store/samples.ts';
import { requirePastTime } from '../../domain/time.ts';
import type { Intake } from './intake.ts';
import { MAX_SAMPLE_LENGTH } from './limits.ts';
import { type BatchBody, type ReaderLimits, readRows } from './row-reader.ts';
import { COLUMN_GROUPS, readColumns } from './sample-columns.ts';
import { rowCheck, type Sorted, sortRows } from './sorted-rows.ts';

const LIMITS: ReaderLimits = {
  name: 'samples',
  maxRows: MAX_BATCH_SAMPLES,
  maxRowLength: MAX_SAMPLE_LENGTH,
  groups: COLUMN_GROUPS,
  others: ['columns', 'report'],
};

/** A batch of samples as it was sent, its rows sorted by whether they can be stored. */
export interface SampleBatch {
  readonly sorted: Sorted<JobSample>;
  readonly measures: BatchMeasures | undefined;
  /** What the agent says of its node; not checked. */
  readonly report: unknown;
}

const checkSample: Check<SampleRowBody> = rowCheck(SampleRowBody);

/** Reads a batch of either shape, rows or columns, yielding to other requests. Rejects as `readRows` does. */
export async function readSampleBatch(request: Request, intake: Intake, nowMs: number): Promise<SampleBatch> {
  const measures = collectMeasures();
  const read = sampleReader(nowMs);
  const sorted = sortRows(checkSample, (row, place) => {
    const sample = read(row);
    measures.add(place, row, row.gpus as readonly GpuFields[] | undefined);
    return sample;
  });
  const body = await readRows(request, intake, LIMITS, sorted.add);
  if (body.columns == null)
    return { sorted, measures: measures.finish(sorted.values.length), report: body.report };
  requireOneShape(body);
  const columns = sortRows(checkSample, (row) => {
    requireDistinct((row.gpus ?? []) as readonly GpuFields[]);
    return read(row);
  });
  return { sorted: columns, measures: await readColumns(body, columns, nowMs), report: body.report };
}

function requireOneShape(body: BatchBody): void {
  if (body.samples != null) throw invalid('The body has both samples and columns; send only one of them.');
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/**
 * Reads rows of one batch. Consecutive rows usually share a timestamp; parsing it is half the cost, so the
 * last one is reused.
 */
function sampleReader(nowMs: number): (row: SampleRowBody) => JobSample {
  let lastText: string | undefined;
  let lastMs = nowMs;
  return (row) => {
    const { job_id = '', sluid, timestamp, node, gpu_usage } = row;
    if ((job_id === '') === (sluid === undefined)) throw namesNoRun(row);
    if (timestamp !== lastText) {
      lastMs = timestamp === undefined ? nowMs : requirePastTime('timestamp', timestamp, nowMs);
      lastText = timestamp;
    }
    const sample: Mutable<JobSample> = {
      jobId: job_id,
      timeMs: lastMs,
      cpuUsage: row.cpu_usage,
      memoryUsageMb: row.memory_usage_mb,
      stamped: timestamp === undefined,
    };
    // Assigned one by one: for the 100,000 rows of a batch,
    // spreading costs more than all the rest of this function.
    if (sluid !== undefined) sample.sluid = sluid;
    if (node !== undefined) sample.node = node;
    if (gpu_usage !== undefined) sample.gpuUsage = gpu_usage;
    return sample;
  };
}

const namesNoRun = ({ job_id }: SampleRowBody): AppError =>
  invalid(
    job_id === undefined
      ? 'job_id or sluid is required.'
      : 'job_id and sluid both name the run; give only one of them.',
  );
