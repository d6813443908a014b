import { Elysia } from 'elysia';
import { GET_FINDINGS, renderVerdict } from '../../api/finding.ts';
import { MAX_RUN, RUN } from '../../api/operation.ts';
import type { Facts, MemoryCourse, NodeSize } from '../../domain/finding/finding.ts';
import { judgeRun } from '../../domain/finding/judge.ts';
import { DEFAULT_THRESHOLDS, type Thresholds } from '../../domain/finding/thresholds.ts';
import type { Job } from '../../domain/job.ts';
import { sizeRun } from '../../domain/sizing/sizing.ts';
import type { LiveStore } from '../../domain/store/live.ts';
import type { View, ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { findRun, type WantedRun } from '../request/run.ts';
import { describe } from '../response/operation.ts';

interface FindingOptions {
  readonly store: ViewStore & Pick<LiveStore, 'nodeReport'>;
  readonly now: () => number;
  readonly thresholds?: Thresholds;
}

/** Judges the runs of jobs. */
export const findings = ({ store, now, thresholds = DEFAULT_THRESHOLDS }: FindingOptions) =>
  new Elysia({ name: 'findings', normalize: false }).use(callerContext).get(
    GET_FINDINGS.path,
    async ({ params: { jobId }, request, caller }) => {
      const number = readQuery(request, [RUN.name]).optionalInteger(RUN.name, { min: 1, max: MAX_RUN });
      const view = viewOf(store, caller);
      const wanted = { jobId, number, signal: request.signal };
      const summary = await view.summarizeJob(jobId, number, request.signal);
      const job = await findRun(view, wanted);
      const [beside, nodeSizes, past] = await Promise.all([
        readBeside(view, job, { ...wanted, nowMs: now(), thresholds }),
        readNodeSizes(store, job),
        view.listPastRuns(job),
      ]);
      const sizing = sizeRun(job, past, thresholds);
      const facts = { job, summary, ...beside, nodeSizes, sizing, nowMs: now(), thresholds };
      return renderVerdict(jobId, judgeRun(facts));
    },
    { detail: describe(GET_FINDINGS) },
  );

interface BesideOptions extends WantedRun {
  readonly nowMs: number;
  readonly thresholds: Thresholds;
}

/** Reads what rules look at beside the run and its summary, for the runs that those rules are about. */
async function readBeside(
  view: View,
  job: Job,
  { thresholds, ...wanted }: BesideOptions,
): Promise<Pick<Facts, 'failedBeside' | 'memoryCourse'>> {
  const { state, startTimeMs, endTimeMs, details = {} } = job;
  if (startTimeMs === undefined) return {};
  const isShort = endTimeMs !== undefined && endTimeMs - startTimeMs < thresholds.shortSeconds * 1000;
  if (state === 'failed' && isShort) return { failedBeside: await countFailedBeside(view, job, thresholds) };
  const isOld = wanted.nowMs - startTimeMs >= thresholds.memoryGrowthSeconds * 1000;
  if (state !== 'running' || !isOld || !details.memoryLimitMb) return {};
  return { memoryCourse: await readMemoryCourse(view, job, wanted) };
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

/** Rules that compare a job with the size of its nodes are silent about larger jobs. */
const MAX_SIZED_NODES = 64;

/** Reads what there is on the nodes of a job; those without an agent are missing. */
async function readNodeSizes(
  { nodeReport }: Pick<LiveStore, 'nodeReport'>,
  { nodes }: Job,
): Promise<ReadonlyMap<string, NodeSize>> {
  const sizes = new Map<string, NodeSize>();
  if (nodes.length > MAX_SIZED_NODES) return sizes;
  for (const node of nodes) {
    const report = (await nodeReport(node))?.report;
    if (!report) continue;
    const { cpus } = report.values;
    sizes.set(node, { gpus: report.gpus.length, ...(cpus !== undefined && { cpus }) });
  }
  return sizes;
}

const COURSE_POINTS = 60;

async function readMemoryCourse(
  view: View,
  { nodes }: Job,
  { jobId, number, signal }: WantedRun,
): Promise<MemoryCourse> {
  const query = number === undefined ? {} : { run: number };
  const { points } = await view.plotSamples(jobId, query, COURSE_POINTS, signal);
  // Points are means over the nodes.
  return { timesMs: [...points.times], memoryMb: [...points.memory].map((mb) => mb * nodes.length) };
}
