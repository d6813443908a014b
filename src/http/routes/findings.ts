import { Elysia } from 'elysia';
import { GET_FINDINGS, renderVerdict } from '../../api/finding.ts';
import { MAX_RUN, RUN } from '../../api/operation.ts';
import { jobNotFound } from '../../domain/errors.ts';
import { judgeRun } from '../../domain/finding/judge.ts';
import type { JobRun } from '../../domain/store/runs.ts';
import type { View, ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { describe } from '../response/operation.ts';

interface FindingOptions {
  readonly store: ViewStore;
  readonly now: () => number;
}

/** Judges the runs of jobs. */
export const findings = ({ store, now }: FindingOptions) =>
  new Elysia({ name: 'findings', normalize: false }).use(callerContext).get(
    GET_FINDINGS.path,
    async ({ params: { jobId }, request, caller }) => {
      const number = readQuery(request, [RUN.name]).optionalInteger(RUN.name, { min: 1, max: MAX_RUN });
      const run = await findRun(viewOf(store, caller), { jobId, number, signal: request.signal });
      return renderVerdict(jobId, judgeRun({ ...run, nowMs: now() }));
    },
    { detail: describe(GET_FINDINGS) },
  );

interface WantedRun {
  readonly jobId: string;
  /** The latest if undefined. */
  readonly number: number | undefined;
  readonly signal: AbortSignal;
}

async function findRun(view: View, { jobId, number, signal }: WantedRun): Promise<Omit<JobRun, 'run'>> {
  const summary = await view.summarizeJob(jobId, number, signal);
  if (number === undefined) return { job: await view.getJob(jobId), summary };
  for await (const run of view.streamRuns(jobId, signal)) if (run.run === number) return run;
  // It was deleted since its summary was read.
  throw jobNotFound(jobId);
}
