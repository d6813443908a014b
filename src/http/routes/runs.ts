import { Elysia } from 'elysia';
import { renderJob } from '../../api/job.ts';
import { LIST_RUNS, type RunAnswer } from '../../api/run.ts';
import type { JobRun } from '../../domain/store/runs.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { sendJson } from '../response/download.ts';
import { describe } from '../response/operation.ts';
import { summaryParts } from '../response/summary-text.ts';

/**
 * Renders runs one at a time: hundreds of them with a thousand nodes each should not be in memory at once.
 */
async function* runParts(jobId: string, runs: AsyncIterable<JobRun>): AsyncGenerator<string> {
  yield `{"job_id":${JSON.stringify(jobId)},"runs":[`;
  let comma = '';
  for await (const { run, job, summary } of runs) {
    const answer: Omit<RunAnswer, 'summary'> = { run, ...renderJob(job) };
    yield `${comma}${JSON.stringify(answer).slice(0, -1)},"summary":`;
    yield* summaryParts(summary);
    yield '}';
    comma = ',';
  }
  yield ']}';
}

/** Serves the runs of a job. */
export const runs = ({ store }: { store: ViewStore }) =>
  new Elysia({ name: 'runs', normalize: false })
    .use(callerContext)
    .get(
      LIST_RUNS.path,
      ({ params: { jobId }, request, caller }) =>
        sendJson(runParts(jobId, viewOf(store, caller).streamRuns(jobId, request.signal))),
      { detail: describe(LIST_RUNS) },
    );
