import type { Static, TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Elysia } from 'elysia';
import { AppError } from '../domain/errors.ts';
import { MAX_BATCH_JOBS, MAX_BATCH_NODES, type PastJob } from '../domain/job.ts';
import { MAX_BATCH_SAMPLES } from '../domain/sample.ts';
import { type BatchResult, type JobSample, MAX_REFUSALS, type Refusal, type Store } from '../domain/store.ts';
import { requirePastTime } from '../domain/time.ts';
import { takeTurn } from '../pace.ts';
import { dropNulls, readBatch } from './body.ts';
import { operation } from './document.ts';
import { explainFault, WRITE_ERRORS } from './errors.ts';
import { limitIntake } from './intake.ts';
import { JobBatchBody, PastJobBody, readPastJob } from './schema/job.ts';
import { SampleBatchBody, SampleRowBody } from './schema/sample.ts';

/** The routes whose bodies may be large. */
export const BATCH_ROUTES = ['/v1/samples', '/v1/jobs/batch'];
/** Bytes of batches that may be read and stored at one time: what the disk takes in a fraction of a second. */
const MAX_INTAKE_BYTES = 4 * 1024 * 1024;
/** Rows that are read in one go; what else has come in is looked at before the next ones. */
const SLICE_ROWS = 2000;

const ENCODINGS = 'gzip and zstd (Content-Encoding) are read too; at most 64 MiB, packed and unpacked';

/** Takes many samples or jobs at once; what is wrong with one row concerns that row alone. */
export const batches = ({ store, now }: { store: Store; now: () => number }) => {
  const intake = limitIntake(MAX_INTAKE_BYTES);
  return new Elysia({ name: 'batches', normalize: false })
    .post(
      '/v1/samples',
      async ({ request }) => {
        using arrival = intake.open();
        const rows = requireRows(await readBatch(request, arrival), 'samples', MAX_BATCH_SAMPLES);
        const nowMs = now();
        const { values, places, bad } = await sortRows(rows, checkSample, sampleReader(nowMs));
        return renderResult(await store.recordSamples(values), places, bad);
      },
      {
        detail: {
          ...operation({
            operationId: 'recordSamples',
            tag: 'Samples',
            summary:
              'Record samples of many jobs and nodes in one commit; those that are kept already change nothing, so that a sender may retry',
            answers: {
              200: { schema: 'BatchResult', means: 'What is stored, on disk, and what was refused' },
            },
            errors: WRITE_ERRORS,
          }),
          requestBody: describeBody(SampleBatchBody),
        },
      },
    )
    .post(
      '/v1/jobs/batch',
      async ({ request }) => {
        using arrival = intake.open();
        const rows = requireRows(await readBatch(request, arrival), 'jobs', MAX_BATCH_JOBS);
        const nowMs = now();
        const { values, places, bad } = await sortRows(rows, checkJob, (row) => readPastJob(row, nowMs));
        requireFewNodes(values);
        return renderResult(await store.createJobs(values), places, bad);
      },
      {
        detail: {
          ...operation({
            operationId: 'createJobs',
            tag: 'Jobs',
            summary: 'Create jobs, also past ones, in one commit; those that are kept already change nothing',
            answers: {
              200: { schema: 'BatchResult', means: 'What is stored, on disk, and what was refused' },
            },
            errors: WRITE_ERRORS,
          }),
          requestBody: describeBody(JobBatchBody),
        },
      },
    );
};

const describeBody = (schema: TSchema) => ({
  required: true,
  description: ENCODINGS,
  content: { 'application/json': { schema } },
});

function requireRows(body: unknown, name: string, most: number): readonly unknown[] {
  const rows = (body as Record<string, unknown> | null)?.[name];
  if (!Array.isArray(rows)) {
    throw new AppError('validation_error', `The body must be an object with an array called ${name}.`);
  }
  if (rows.length <= most) return rows;
  throw new AppError(
    'payload_too_large',
    `${name} has ${rows.length} rows, and ${most} are allowed; send the rest in another batch.`,
  );
}

function requireFewNodes(jobs: readonly PastJob[]): void {
  const nodes = jobs.reduce((sum, job) => sum + job.nodes.length, 0);
  if (nodes <= MAX_BATCH_NODES) return;
  throw new AppError(
    'payload_too_large',
    `The jobs have ${nodes} nodes together, and ${MAX_BATCH_NODES} are allowed; send the rest in another batch.`,
  );
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

/** Reads every row by itself; the first bad ones are explained, all are counted. Other requests go on in between. */
async function sortRows<Row, Value>(
  rows: readonly unknown[],
  check: { accepts(row: unknown): row is Row; explain(row: unknown): string },
  read: (row: Row) => Value,
): Promise<Sorted<Value>> {
  const values: Value[] = [];
  const places: number[] = [];
  const bad: Sorted<Value>['bad'] = { count: 0, refusals: [] };
  const refuse = (index: number, message: () => string) => {
    bad.count++;
    if (bad.refusals.length === MAX_REFUSALS) return;
    bad.refusals.push({ index, error: 'validation_error', message: message() });
  };
  for (const [index, row] of rows.entries()) {
    if (index > 0 && index % SLICE_ROWS === 0) await takeTurn();
    if (!check.accepts(row)) {
      refuse(index, () => check.explain(row));
      continue;
    }
    try {
      values.push(read(row));
      places.push(index);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refuse(index, () => error.message);
    }
  }
  return { values, places, bad };
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** Reads rows of one batch. One after the other they mostly have the same time, which costs as much to read as all the rest. */
function sampleReader(nowMs: number): (row: Static<typeof SampleRowBody>) => JobSample {
  let lastText: string | undefined;
  let lastMs = nowMs;
  return (row) => {
    const { job_id, timestamp, node, gpu_usage } = row;
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
    if (node !== undefined) sample.node = node;
    if (gpu_usage !== undefined) sample.gpuUsage = gpu_usage;
    return sample;
  };
}

/** The answer: what the store says of the rows it got, and what kept the others from it, in the order of the batch. */
function renderResult(result: BatchResult, places: readonly number[], bad: Sorted<never>['bad']) {
  const { stored, repeated, refused, refusals } = result;
  const errors = [
    ...bad.refusals,
    ...refusals.map((refusal) => ({ ...refusal, index: places[refusal.index]! })),
  ];
  errors.sort((one, other) => one.index - other.index);
  return { stored, repeated, refused: refused + bad.count, errors: errors.slice(0, MAX_REFUSALS) };
}
