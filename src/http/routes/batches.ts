import type { Static, TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Elysia } from 'elysia';
import { JobBatchBody, MAX_BATCH_NODES, PastJobBody, readPastJob } from '../../api/job.ts';
import { SampleBatchBody, SampleRowBody } from '../../api/sample.ts';
import { AppError } from '../../domain/errors.ts';
import { MAX_BATCH_JOBS, type PastJob } from '../../domain/job.ts';
import { MAX_BATCH_SAMPLES } from '../../domain/sample.ts';
import { type BatchResult, MAX_REFUSALS, type Refusal } from '../../domain/store/batch.ts';
import type { JobStore } from '../../domain/store/jobs.ts';
import type { JobSample, SampleStore } from '../../domain/store/samples.ts';
import { requirePastTime } from '../../domain/time.ts';
import { dropNulls } from '../request/body.ts';
import { describeBody } from '../request/body-check.ts';
import { limitIntake } from '../request/intake.ts';
import { readRows } from '../request/row-reader.ts';
import { explainFault, WRITE_ERRORS } from '../response/errors.ts';
import { operation } from '../response/operation.ts';

/** The routes whose bodies may be large. */
export const BATCH_ROUTES = ['/v1/samples', '/v1/jobs/batch'];
/** Bytes of batches that may be read and stored at one time: what the disk takes in a fraction of a second. */
const MAX_INTAKE_BYTES = 4 * 1024 * 1024;
const SAMPLES = { name: 'samples', maxRows: MAX_BATCH_SAMPLES, maxRowLength: 64 * 1024 };
/** A job may name 100,000 nodes. */
const JOBS = { name: 'jobs', maxRows: MAX_BATCH_JOBS, maxRowLength: 1024 * 1024 };

const ENCODINGS = 'gzip and zstd (Content-Encoding) are read too; at most 32 MiB, packed and unpacked';

interface BatchOptions {
  readonly store: Pick<JobStore, 'createJobs'> & Pick<SampleStore, 'recordSamples'>;
  readonly now: () => number;
}

/** Takes many samples or jobs at once; what is wrong with one row concerns that row alone. */
export const batches = ({ store, now }: BatchOptions) => {
  const intake = limitIntake(MAX_INTAKE_BYTES);
  return new Elysia({ name: 'batches', normalize: false })
    .post(
      '/v1/samples',
      async ({ request }) => {
        using arrival = intake.open();
        const sorted = sortRows(checkSample, sampleReader(now()));
        await readRows(request, arrival, SAMPLES, sorted.add);
        return renderResult(await store.recordSamples(sorted.values), sorted);
      },
      {
        detail: {
          ...operation({
            operationId: 'recordSamples',
            tag: 'Samples',
            summary:
              'Record samples of many jobs and nodes; those that are kept already change nothing, so that a sender may retry',
            answers: {
              200: { schema: 'BatchResult', means: 'What is stored, on disk, and what was refused' },
            },
            errors: WRITE_ERRORS,
          }),
          requestBody: describeBody(SampleBatchBody, ENCODINGS),
        },
      },
    )
    .post(
      '/v1/jobs/batch',
      async ({ request }) => {
        using arrival = intake.open();
        const nowMs = now();
        const sorted = sortRows(checkJob, (row) => readPastJob(row, nowMs));
        const nodes = countNodes(sorted.values);
        await readRows(request, arrival, JOBS, (rows) => {
          sorted.add(rows);
          nodes.requireFew();
        });
        return renderResult(await store.createJobs(sorted.values), sorted);
      },
      {
        detail: {
          ...operation({
            operationId: 'createJobs',
            tag: 'Jobs',
            summary: 'Create jobs, also past ones; those that are kept already change nothing',
            answers: {
              200: { schema: 'BatchResult', means: 'What is stored, on disk, and what was refused' },
            },
            errors: WRITE_ERRORS,
          }),
          requestBody: describeBody(JobBatchBody, ENCODINGS),
        },
      },
    );
};

/** Counts the nodes of jobs as these become more; `payload_too_large` when they are too many together. */
function countNodes(jobs: readonly PastJob[]) {
  let counted = 0;
  let nodes = 0;
  return {
    requireFew(): void {
      for (; counted < jobs.length; counted++) nodes += jobs[counted]!.nodes.length;
      if (nodes <= MAX_BATCH_NODES) return;
      throw new AppError(
        'payload_too_large',
        `The jobs have more than the ${MAX_BATCH_NODES} nodes together that are allowed; send the rest in another batch.`,
      );
    },
  };
}

/** A compiled check of rows: says of a row what is wrong with it, in a sentence. */
function rowCheck<Schema extends TSchema>(schema: Schema) {
  const compiled = TypeCompiler.Compile(schema);
  return {
    accepts(row: unknown): row is Static<Schema> {
      if (compiled.Check(row)) return true;
      // Only now, because it is rare: an optional field that is null counts as not given.
      if (row === null || typeof row !== 'object' || !Object.values(row).includes(null)) return false;
      dropNulls(row as Record<string, unknown>);
      return compiled.Check(row);
    },
    explain: (row: unknown): string =>
      explainFault(compiled.Errors(row).First() as Parameters<typeof explainFault>[0]).replace(
        /^The body/,
        'The row',
      ),
  };
}

const checkSample = rowCheck(SampleRowBody);
const checkJob = rowCheck(PastJobBody);

interface Sorted<Value> {
  /** What goes to the store. */
  readonly values: Value[];
  /** Where in the batch each of them stood. */
  readonly places: number[];
  readonly bad: { count: number; readonly refusals: Refusal[] };
}

/** Reads every row by itself; the first bad ones are explained, all are counted. */
function sortRows<Row, Value>(
  check: { accepts(row: unknown): row is Row; explain(row: unknown): string },
  read: (row: Row) => Value,
): Sorted<Value> & { add(rows: readonly unknown[]): void } {
  const values: Value[] = [];
  const places: number[] = [];
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
      places.push(index);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refuse(() => error.message);
    }
  }

  return {
    values,
    places,
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

/** Reads rows of one batch. One after the other they mostly have the same time, which costs as much to read as all the rest. */
function sampleReader(nowMs: number): (row: Static<typeof SampleRowBody>) => JobSample {
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
    // One by one, because a batch has up to 100,000 of these and spreading costs more than all the rest of this.
    if (sluid !== undefined) sample.sluid = sluid;
    if (node !== undefined) sample.node = node;
    if (gpu_usage !== undefined) sample.gpuUsage = gpu_usage;
    return sample;
  };
}

const namesNoRun = ({ job_id }: Static<typeof SampleRowBody>): AppError =>
  new AppError(
    'validation_error',
    job_id === undefined
      ? 'job_id is required, or sluid in its place.'
      : 'job_id and sluid are two ways to name a run; give only one.',
  );

/** The answer: what the store says of the rows it got, and what kept the others from it, in the order of the batch. */
function renderResult(result: BatchResult, { places, bad }: Sorted<unknown>) {
  const { stored, repeated, refused, refusals } = result;
  const errors = [
    ...bad.refusals,
    ...refusals.map((refusal) => ({ ...refusal, index: places[refusal.index]! })),
  ];
  errors.sort((one, other) => one.index - other.index);
  return { stored, repeated, refused: refused + bad.count, errors: errors.slice(0, MAX_REFUSALS) };
}
