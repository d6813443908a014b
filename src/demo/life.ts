import type { Allocation, JobDetails } from '../domain/detail.ts';
import type { Job } from '../domain/job.ts';
import type { Report } from '../domain/report.ts';
import { accountOf, gpuUuid, NODES, placesIn, QUARTERS } from './cluster.ts';
import { draftJob, type JobDraft, type Verdict } from './draft.ts';
import { createRandom, draw } from './random.ts';
import { blackHole } from './trouble.ts';

const HOUR_S = 3600;
/** Between two runs of a requeued job, which keeps its nodes. */
const REQUEUE_WAIT_MS = 120_000;
/** Time limits that users ask for. */
const LIMITS_SECONDS = [1, 4, 12, 24, 48].map((hours) => hours * HOUR_S);
const REASON_SHARES: readonly [string, number][] = [
  ['Priority', 0.56],
  ['Resources', 0.18],
  ['QOSMaxGRESPerUser', 0.08],
  ['Dependency', 0.06],
  ['AssocGrpCpuLimit', 0.04],
  ['BeginTime', 0.03],
  ['JobHeldUser', 0.03],
  ['ReqNodeNotAvail, Reserved for maintenance', 0.02],
];

/** How a job ends on a node that has lost its file system. */
const LOST: Verdict = { state: 'failed', rawState: 'FAILED', exitCode: 127 };
/** Of the jobs, those whose users know how long they take. */
const TIGHT_LIMITS = 0.25;

export interface WaitingJob extends JobDraft {
  readonly submitTimeMs: number;
}

/** A job that has nodes and times. */
export interface DemoJob extends WaitingJob {
  readonly nodes: readonly string[];
  /** Places of its GPUs on each of its nodes; empty where there are none. */
  readonly gpuPlaces: readonly number[];
  /** Of its first run. */
  readonly startTimeMs: number;
  /** When it ends for good, or will. */
  readonly endTimeMs: number;
}

export interface DemoRun {
  readonly startTimeMs: number;
  readonly endTimeMs: number;
  readonly verdict: Verdict;
}

/** The runs of a job: two of one that is requeued. */
export function runsOf({ startTimeMs, endTimeMs, verdict, requeue }: DemoJob): DemoRun[] {
  if (!requeue) return [{ startTimeMs, endTimeMs, verdict }];
  const firstEndMs = startTimeMs + requeue.afterMs;
  return [
    { startTimeMs, endTimeMs: firstEndMs, verdict: requeue.verdict },
    { startTimeMs: firstEndMs + REQUEUE_WAIT_MS, endTimeMs, verdict },
  ];
}

/** Whether a job runs at a time, and does not wait for its next run. */
export const isRunningAt = (job: DemoJob, timeMs: number): boolean =>
  runsOf(job).some(({ startTimeMs, endTimeMs }) => startTimeMs <= timeMs && timeMs < endTimeMs);

/** Returns Slurm's report of a pending job. */
export const reportWait = (job: WaitingJob): Report => ({
  ...detailsOf(job),
  source: 'squeue',
  observedMs: job.submitTimeMs,
  id: job.id,
  user: job.user,
  state: 'pending',
  rawState: 'PENDING',
  reason: draw(REASON_SHARES, createRandom(Number(job.id) ^ 0x1b873593)()),
});

/**
 * All that Slurm has said of a job up to `nowMs`, in order.
 * The end of a first run is told when the next has started.
 */
export function reportLife(job: DemoJob, nowMs: number): Report[] {
  const runs = runsOf(job).filter(({ startTimeMs }) => startTimeMs <= nowMs);
  return runs.flatMap(({ startTimeMs, endTimeMs, verdict }, restarts) => {
    const run = { ...detailsOf(job), id: job.id, user: job.user, nodes: job.nodes, startTimeMs, restarts };
    const held = { ...run, allocations: allocationsOf(job) };
    const reports: Report[] = [
      { ...held, source: 'squeue', observedMs: startTimeMs, state: 'running', rawState: 'RUNNING' },
    ];
    const isTold = restarts < runs.length - 1 || (endTimeMs <= nowMs && endTimeMs === job.endTimeMs);
    if (isTold) reports.push({ ...run, ...verdict, source: 'jobcomp', observedMs: endTimeMs, endTimeMs });
    return reports;
  });
}

/** What hooks would say: which GPUs a job has on each node. */
const allocationsOf = ({ nodes, gpuPlaces, partition, quarters }: DemoJob): Allocation[] =>
  nodes.map((node) => ({
    node,
    cpus: (partition.cores * quarters) / QUARTERS,
    ...(gpuPlaces.length > 0 && { gpuIds: gpuPlaces.map((place) => gpuUuid(node, place)) }),
  }));

function detailsOf(job: WaitingJob): JobDetails {
  const { user, name, partition, nodeCount, quarters, submitTimeMs, array } = job;
  const share = (nodeCount * quarters) / QUARTERS;
  return {
    name,
    account: accountOf(user),
    partition: partition.name,
    qos: 'normal',
    cluster: 'demo',
    submitTimeMs,
    timeLimitSeconds: timeLimitSeconds(job),
    cpus: partition.cores * share,
    memoryLimitMb: Math.floor(partition.memoryMb * share),
    nodeCount,
    ...(partition.gpuModel !== undefined && { gpus: QUARTERS * share }),
    workDir: `/home/${user}/${name}`,
    ...(array && { arrayJobId: array.id, arrayTaskId: array.task }),
  };
}

/** A job that was killed at its limit ran that long; most others asked for more than they need. */
function timeLimitSeconds({ id, runtimeMs, verdict }: JobDraft): number {
  const seconds = Math.ceil(runtimeMs / 1000);
  if (verdict.rawState === 'TIMEOUT') return seconds;
  if (createRandom(Number(id) ^ 0x4f6cdd1d)() < TIGHT_LIMITS) return 60 * Math.ceil((1.03 * seconds) / 60);
  return LIMITS_SECONDS.find((limit) => limit >= 1.2 * seconds) ?? LIMITS_SECONDS.at(-1)!;
}

/** A stored job as one of the demonstration's that has started; undefined when somebody else has made it. */
export function recogniseJob(seed: number, job: Job): DemoJob | undefined {
  const draft = recogniseDraft(seed, job);
  const { nodes, startTimeMs: lastStartMs, details } = job;
  if (!draft || lastStartMs === undefined || nodes.length === 0) return undefined;
  const earlierMs = details?.restarts && draft.requeue ? draft.requeue.afterMs + REQUEUE_WAIT_MS : 0;
  const startTimeMs = lastStartMs - earlierMs;
  const { endTimeMs } = job;
  const found = startJob(draft, { nodes, gpuPlaces: gpuPlacesOf(draft, job), startTimeMs });
  return endTimeMs === undefined ? found : { ...found, endTimeMs };
}

/** A job that starts on some nodes. On one that fails all jobs it ends at once. */
export function startJob(
  { requeue, ...draft }: WaitingJob,
  given: Pick<DemoJob, 'nodes' | 'gpuPlaces' | 'startTimeMs'>,
): DemoJob {
  const { nodes, startTimeMs } = given;
  const isLost = nodes[0] === blackHole(startTimeMs);
  const { runtimeMs } = draft;
  if (!isLost) return { ...draft, ...(requeue && { requeue }), ...given, endTimeMs: startTimeMs + runtimeMs };
  const seconds = 2 + (Number(draft.id) % 17);
  return {
    ...draft,
    ...given,
    runtimeMs: 1000 * seconds,
    verdict: LOST,
    endTimeMs: startTimeMs + 1000 * seconds,
  };
}

/** Nothing else than the store remembers which GPUs a job was given. */
function gpuPlacesOf({ partition }: JobDraft, { nodes, details }: Job): number[] {
  const known = new Set(details?.allocations?.find(({ node }) => node === nodes[0])?.gpuIds);
  return placesIn(partition).filter((place) => known.has(gpuUuid(nodes[0]!, place)));
}

/** A stored job as one of the demonstration's that waits, or has waited. */
export function recogniseDraft(seed: number, { id, user, nodes, details }: Job): WaitingJob | undefined {
  if (!/^\d{7,9}$/.test(id) || details?.cluster !== 'demo' || details.submitTimeMs === undefined)
    return undefined;
  const draft = draftJob(seed, Number(id));
  if (draft.user !== user || !nodes.every((name) => NODES.has(name))) return undefined;
  return { ...draft, submitTimeMs: details.submitTimeMs };
}

/** Memory in MB that the job may use on one of its nodes. */
export const memoryLimitMb = ({ partition, quarters }: JobDraft): number =>
  Math.floor((partition.memoryMb * quarters) / QUARTERS);
