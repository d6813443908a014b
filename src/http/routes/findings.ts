import { Elysia } from 'elysia';
import { GET_FINDINGS, JUDGE_ANEW, renderVerdict } from '../../api/finding.ts';
import { MAX_RUN, RUN } from '../../api/operation.ts';
import { type Courses, readCourses } from '../../domain/finding/courses.ts';
import { cancellerOf } from '../../domain/finding/end.ts';
import type { Facts } from '../../domain/finding/finding.ts';
import { judgeRun } from '../../domain/finding/judge.ts';
import { readNodeSizes } from '../../domain/finding/node-sizes.ts';
import { DEFAULT_THRESHOLDS, type Thresholds } from '../../domain/finding/thresholds.ts';
import type { Job } from '../../domain/job.ts';
import { sizeRun } from '../../domain/sizing/sizing.ts';
import type { LiveStore } from '../../domain/store/live.ts';
import type { Upkeep } from '../../domain/store/upkeep.ts';
import type { View, ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { findRun, type WantedRun } from '../request/run.ts';
import { describe } from '../response/operation.ts';

export interface FindingOptions {
  readonly store: ViewStore & Pick<LiveStore, 'nodeReport'> & Pick<Upkeep, 'judgeAnew'>;
  readonly now: () => number;
  readonly thresholds?: Thresholds;
  /** Returns the name of a user of this machine by its number. */
  readonly nameOfUser?: ((uid: number) => string | undefined | Promise<string | undefined>) | undefined;
}

/** Judges the runs of jobs. */
export const findings = ({ store, now, thresholds = DEFAULT_THRESHOLDS, nameOfUser }: FindingOptions) =>
  new Elysia({ name: 'findings', normalize: false })
    .use(callerContext)
    .get(
      GET_FINDINGS.path,
      async ({ params: { jobId }, request, caller }) => {
        const number = readQuery(request, [RUN.name]).optionalInteger(RUN.name, { min: 1, max: MAX_RUN });
        const view = viewOf(store, caller);
        const wanted = { jobId, number, signal: request.signal };
        const summary = await view.summarizeJob(jobId, number, request.signal);
        const job = await findRun(view, wanted);
        const uid = cancellerOf(job.details ?? {});
        const [beside, nodeSizes, past, canceller] = await Promise.all([
          readBeside(view, job, { ...wanted, nowMs: now(), thresholds }),
          readNodeSizes(store, job),
          view.listPastRuns(job),
          uid === undefined ? undefined : nameOfUser?.(uid),
        ]);
        const sizing = sizeRun(job, past, thresholds);
        const facts = { job, summary, ...beside, nodeSizes, sizing, canceller, nowMs: now(), thresholds };
        return renderVerdict(jobId, judgeRun(facts));
      },
      { detail: describe(GET_FINDINGS) },
    )
    .post(JUDGE_ANEW.path, async () => ({ jobs: await store.judgeAnew() }), { detail: describe(JUDGE_ANEW) });

interface BesideOptions extends WantedRun {
  readonly nowMs: number;
  readonly thresholds: Thresholds;
}

type Beside = Courses & Pick<Facts, 'failedBeside' | 'lostBeside'>;

/** Reads what rules look at beside the run and its summary, for the runs that those rules are about. */
async function readBeside(view: View, job: Job, options: BesideOptions): Promise<Beside> {
  const { state, startTimeMs, endTimeMs } = job;
  if (startTimeMs === undefined) return {};
  if (state === 'running')
    return readCourses(job, options, async (query, maxPoints) => {
      const { jobId, number: run, signal } = options;
      const wanted = { ...query, ...(run !== undefined && { run }) };
      return (await view.plotSamples(jobId, wanted, maxPoints, signal)).points;
    });
  if (state !== 'failed' || endTimeMs === undefined) return {};
  if (job.details?.rawState?.startsWith('NODE_FAIL')) return { lostBeside: await readLostBeside(view, job) };
  const isShort = endTimeMs - startTimeMs < options.thresholds.shortSeconds * 1000;
  return isShort ? { failedBeside: await countFailedBeside(view, job, options.thresholds) } : {};
}

/** Jobs that a node ends end when Slurm notices it, within this. */
const LOST_WITHIN_MS = 10 * 60_000;
const MAX_LOST = 200;
/** Nodes that are looked at of a large job. */
const MAX_LOST_NODES = 64;

/** Lists the other jobs that ended with a failed node, on the nodes of a job and at about its end. */
async function readLostBeside(view: View, { id, nodes, endTimeMs }: Job): Promise<Job[]> {
  const filter = {
    state: 'failed',
    node: nodes.slice(0, MAX_LOST_NODES),
    details: { rawState: 'NODE_FAIL' },
    sinceMs: endTimeMs! - LOST_WITHIN_MS,
    untilMs: endTimeMs!,
  } as const;
  const { jobs } = await view.listJobs(filter, { limit: MAX_LOST, nowMs: endTimeMs! });
  return jobs.filter((other) => other.id !== id && other.endTimeMs! <= endTimeMs! + LOST_WITHIN_MS);
}

const HOUR_MS = 3_600_000;
/** More failures say nothing more. */
const MAX_FAILED = 200;

/** Counts the other jobs that failed at once on the first node of a job in the hour before its end. */
async function countFailedBeside(view: View, { id, nodes, endTimeMs }: Job, { shortSeconds }: Thresholds) {
  const [node] = nodes;
  if (node === undefined) return 0;
  const filter = {
    state: 'failed',
    node: [node],
    sinceMs: endTimeMs! - HOUR_MS,
    untilMs: endTimeMs!,
  } as const;
  const { jobs } = await view.listJobs(filter, { limit: MAX_FAILED, nowMs: endTimeMs! });
  return jobs.filter(
    (other) => other.id !== id && other.endTimeMs! - (other.startTimeMs ?? 0) < shortSeconds * 1000,
  ).length;
}
