import { Elysia } from 'elysia';
import { type BatchAnswer, renderBatch } from '../../api/batch.ts';
import { CREATE_JOBS, MAX_BATCH_NODES, PastJobBody, readPastJob } from '../../api/past-job.ts';
import { RECORD_SAMPLES } from '../../api/sample-batch.ts';
import { AppError, invalid } from '../../domain/errors.ts';
import { MAX_BATCH_JOBS, type PastJob } from '../../domain/job.ts';
import { type BatchResult, MAX_REFUSALS } from '../../domain/store/batch.ts';
import type { JobStore } from '../../domain/store/jobs.ts';
import type { SampleStore } from '../../domain/store/samples.ts';
import { limitIntake } from '../request/intake.ts';
import { BATCH_INTAKE_BYTES, MAX_JOB_LENGTH } from '../request/limits.ts';
import { readReport } from '../request/node-report.ts';
import { readRows } from '../request/row-reader.ts';
import { readSampleBatch } from '../request/sample-batch.ts';
import { rowCheck, type Sorted, sortRows } from '../request/sorted-rows.ts';
import { describe } from '../response/operation.ts';

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
        const { sorted, measures, report } = await readSampleBatch(request, intake, now());
        const sent = readReport(report, now());
        if (sent.fault !== undefined && isEmpty(sorted)) throw invalid(sent.fault);
        const result = await store.recordSamples(sorted.values, measures, sent.received);
        return renderResult(result, sorted, sent.fault);
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

const isEmpty = ({ values, bad }: Sorted<unknown>): boolean => values.length + bad.count === 0;

const checkJob = rowCheck(PastJobBody);

/**
 * Renders what the store did with the rows it got, and why the others were refused, in order of the batch.
 */
function renderResult(
  result: BatchResult,
  { indexes, bad }: Sorted<unknown>,
  reportError?: string,
): BatchAnswer {
  const refusals = [
    ...bad.refusals,
    ...result.refusals.map((refusal) => ({ ...refusal, index: indexes[refusal.index]! })),
  ];
  refusals.sort((one, other) => one.index - other.index);
  return renderBatch({
    ...result,
    refused: result.refused + bad.count,
    refusals: refusals.slice(0, MAX_REFUSALS),
    ...(reportError !== undefined && { reportError }),
  });
}
