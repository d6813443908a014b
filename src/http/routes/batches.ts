import { Elysia } from 'elysia';
import { type BatchAnswer, renderBatch } from '../../api/batch.ts';
import type { Check } from '../../api/check.ts';
import type { Schema, Wire } from '../../api/field.ts';
import { CREATE_JOBS, MAX_BATCH_NODES, PastJobBody, readPastJob } from '../../api/past-job.ts';
import { RECORD_SAMPLES, SampleRowBody } from '../../api/sample-batch.ts';
import { AppError, invalid } from '../../domain/errors.ts';
import { MAX_BATCH_JOBS, type PastJob } from '../../domain/job.ts';
import { MAX_BATCH_SAMPLES } from '../../domain/sample.ts';
import { type BatchResult, MAX_REFUSALS, type Refusal } from '../../domain/store/batch.ts';
import type { JobStore } from '../../domain/store/jobs.ts';
import type { JobSample, SampleStore } from '../../domain/store/samples.ts';
import { requirePastTime } from '../../domain/time.ts';
import { nullableCheck } from '../request/body-check.ts';
import { limitIntake } from '../request/intake.ts';
import { BATCH_INTAKE_BYTES, MAX_JOB_LENGTH, MAX_SAMPLE_LENGTH } from '../request/limits.ts';
import { readRows } from '../request/row-reader.ts';
import { describe } from '../response/operation.ts';

const SAMPLES = { name: 'samples', maxRows: MAX_BATCH_SAMPLES, maxRowLength: MAX_SAMPLE_LENGTH };
const JOBS = { name: 'jobs', maxRows: MAX_BATCH_JOBS, maxRowLength: MAX_JOB_LENGTH };

/** One for the apps of all listeners. */
const intakes = limitIntake(BATCH_INTAKE_BYTES);

interface BatchOptions {
  readonly store: Pick<JobStore, 'createJobs'> & Pick<SampleStore, 'recordSamples' | 'requireRoomForBatch'>;
  readonly now: () => number;
}

/** Stores many samples or jobs at once; a row at fault is refused by itself. */
export const batches = ({ store, now }: BatchOptions) => {
  return new Elysia({ name: 'batches', normalize: false })
    .post(
      RECORD_SAMPLES.path,
      async ({ request }) => {
        // Before the body is read, because reading it is most of the work.
        store.requireRoomForBatch();
        using intake = intakes.open();
        const sorted = sortRows(checkSample, sampleReader(now()));
        await readRows(request, intake, SAMPLES, sorted.add);
        return renderResult(await store.recordSamples(sorted.values), sorted);
      },
      { detail: describe(RECORD_SAMPLES) },
    )
    .post(
      CREATE_JOBS.path,
      async ({ request }) => {
        using intake = intakes.open();
        const nowMs = now();
        const sorted = sortRows(checkJob, (row) => readPastJob(row, nowMs));
        const nodes = countNodes(sorted.values);
        await readRows(request, intake, JOBS, (rows) => {
          sorted.add(rows);
          nodes.requireFew();
        });
        return renderResult(await store.createJobs(sorted.values), sorted);
      },
      { detail: describe(CREATE_JOBS) },
    );
};

/** Counts the nodes of a growing list of jobs; `payload_too_large` if they are too many. */
function countNodes(jobs: readonly PastJob[]) {
  let counted = 0;
  let nodes = 0;
  return {
    requireFew(): void {
      for (; counted < jobs.length; counted++) nodes += jobs[counted]!.nodes.length;
      if (nodes <= MAX_BATCH_NODES) return;
      throw new AppError(
        'payload_too_large',
        `The jobs of a batch may have at most ${MAX_BATCH_NODES} nodes in all; send several batches.`,
      );
    },
  };
}

/** Compiles the check of a row, which its explanations call that. */
function rowCheck<Described extends Schema>(schema: Described): Check<Wire<Described>> {
  const check = nullableCheck(schema);
  return { accepts: check.accepts, explain: (row) => check.explain(row, 'The row') };
}

const checkSample = rowCheck(SampleRowBody);
const checkJob = rowCheck(PastJobBody);

interface Sorted<Value> {
  /** The rows that the store gets. */
  readonly values: Value[];
  /** The index of each of them in the batch. */
  readonly indexes: number[];
  readonly bad: { count: number; readonly refusals: Refusal[] };
}

/** Reads every row by itself. All bad rows are counted, the first are explained. */
function sortRows<Row, Value>(
  check: Check<Row>,
  read: (row: Row) => Value,
): Sorted<Value> & { add(rows: readonly unknown[]): void } {
  const values: Value[] = [];
  const indexes: number[] = [];
  const bad: Sorted<Value>['bad'] = { count: 0, refusals: [] };
  let index = 0;

  function refuse(message: () => string): void {
    bad.count++;
    if (bad.refusals.length === MAX_REFUSALS) return;
    bad.refusals.push({ index, error: 'validation_error', message: message() });
  }

  function addRow(row: unknown): void {
    if (!check.accepts(row)) {
      refuse(() => check.explain(row));
      return;
    }
    try {
      values.push(read(row));
      indexes.push(index);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refuse(() => error.message);
    }
  }

  return {
    values,
    indexes,
    bad,
    add(rows) {
      for (const row of rows) {
        addRow(row);
        index++;
      }
    },
  };
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

/**
 * Renders what the store did with the rows it got, and why the others were refused, in order of the batch.
 */
function renderResult(result: BatchResult, { indexes, bad }: Sorted<unknown>): BatchAnswer {
  const refusals = [
    ...bad.refusals,
    ...result.refusals.map((refusal) => ({ ...refusal, index: indexes[refusal.index]! })),
  ];
  refusals.sort((one, other) => one.index - other.index);
  return renderBatch({
    ...result,
    refused: result.refused + bad.count,
    refusals: refusals.slice(0, MAX_REFUSALS),
  });
}
