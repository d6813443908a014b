import { Elysia } from 'elysia';
import { LIST_STEPS, renderSteps } from '../../api/step.ts';
import { GET_WAIT, renderWait } from '../../api/wait.ts';
import { AppError } from '../../domain/errors.ts';
import type { Job } from '../../domain/job.ts';
import type { AskedJob, SlurmAsks } from '../../domain/slurm-asks.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { yieldToOthers } from '../../pace.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { describe } from '../response/operation.ts';

interface AskOptions {
  readonly store: ViewStore;
  /** Undefined if Slurm is not followed. */
  readonly asks: SlurmAsks | undefined;
}

const NOT_FOLLOWED =
  'Steps are read from Slurm, which this service does not follow; hpc-observe slurm check says why.';

/** Serves what Slurm is asked about single jobs. */
export const slurmAsks = ({ store, asks }: AskOptions) =>
  new Elysia({ name: 'slurm-asks', normalize: false })
    .use(callerContext)
    .get(
      GET_WAIT.path,
      async ({ params: { jobId }, caller }) => {
        await yieldToOthers('background');
        const job = await viewOf(store, caller).getJob(jobId);
        if (job.state !== 'pending') return renderWait(jobId, undefined, undefined);
        const start = await asks?.expectedStart(askedJob(job)).catch(ignoreUnavailable);
        return renderWait(jobId, job.details?.reason, start);
      },
      { detail: describe(GET_WAIT) },
    )
    .get(
      LIST_STEPS.path,
      async ({ params: { jobId }, caller }) => {
        // A job of 1,000 nodes takes a millisecond, and nothing bounds how many are asked for at once.
        await yieldToOthers('background');
        const job = await viewOf(store, caller).getJob(jobId);
        if (!asks) throw new AppError('unavailable', NOT_FOLLOWED);
        return renderSteps(jobId, await asks.steps(askedJob(job)));
      },
      { detail: describe(LIST_STEPS) },
    );

const askedJob = ({ id, details }: Job): AskedJob => ({
  id,
  arrayJobId: details?.arrayJobId,
  arrayTaskId: details?.arrayTaskId,
});

/** The reason is known without Slurm, too. */
function ignoreUnavailable(error: unknown): undefined {
  if (error instanceof AppError) return undefined;
  throw error;
}
