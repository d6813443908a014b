import { Elysia } from 'elysia';
import {
  DEFAULT_USAGE_COLUMNS,
  GET_NODE_USAGE,
  MAX_USAGE_COLUMNS,
  MAX_USAGE_JOBS,
  NODE_FIELDS,
  type NodeField,
  type NodeUsageAnswer,
} from '../../api/node-usage.ts';
import { defined } from '../../domain/defined.ts';
import { invalid } from '../../domain/errors.ts';
import { createGate } from '../../domain/gate.ts';
import type { Job } from '../../domain/job.ts';
import { partOfJob } from '../../domain/nodes/node-job.ts';
import { gridOver, placePoints, type UsageGrid } from '../../domain/nodes/usage-grid.ts';
import type { Plot } from '../../domain/spans.ts';
import type { View, ViewStore } from '../../domain/store/view.ts';
import { formatTime } from '../../domain/time.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { describe } from '../response/operation.ts';

const DAY_MS = 86_400_000;
/** Jobs of the range among which those with most of the node are found; a busy day has fewer. */
const MAX_JOBS = 500;

// Each reads the samples of up to 50 jobs, one job after the other.
const gate = createGate({
  places: 4,
  waiting: 32,
  message: 'Too many plots of nodes are being read. Try again in a second.',
});

interface UsageOptions {
  readonly store: ViewStore;
  readonly now: () => number;
}

/** Plots what the jobs of a node used of it. */
export const nodeUsage = ({ store, now }: UsageOptions) =>
  new Elysia({ name: 'node-usage', normalize: false }).use(callerContext).get(
    GET_NODE_USAGE.path,
    async ({ params: { node }, caller, request }) => {
      const wanted = { node, ...readWanted(request, now()), signal: request.signal };
      const leave = await gate.enter(request.signal);
      try {
        return await readUsage(viewOf(store, caller), wanted);
      } finally {
        leave();
      }
    },
    { detail: describe(GET_NODE_USAGE) },
  );

interface Wanted {
  readonly node: string;
  readonly field: NodeField;
  readonly fromMs: number;
  readonly toMs: number;
  readonly columns: number;
  readonly signal: AbortSignal;
}

function readWanted(request: Request, nowMs: number): Omit<Wanted, 'node' | 'signal'> {
  const query = readQuery(request, ['field', 'start_time', 'end_time', 'columns']);
  const toMs = query.time('end_time') ?? nowMs;
  const fromMs = query.time('start_time') ?? toMs - DAY_MS;
  if (fromMs >= toMs) throw invalid('start_time must be before end_time.');
  const field = query.choice('field', NODE_FIELDS) ?? 'cpus';
  const columns = query.integer('columns', {
    min: 1,
    max: MAX_USAGE_COLUMNS,
    otherwise: DEFAULT_USAGE_COLUMNS,
  });
  return { field, fromMs, toMs, columns };
}

async function readUsage(view: View, wanted: Wanted): Promise<NodeUsageAnswer> {
  const { node, field, fromMs, toMs, signal } = wanted;
  const grid = gridOver(fromMs, toMs, wanted.columns);
  const { jobs, total } = await view.listJobs(
    { node: [node], sinceMs: fromMs, untilMs: toMs },
    { limit: MAX_JOBS, nowMs: toMs },
    signal,
  );
  const lines: NodeUsageAnswer['jobs'][number][] = [];
  for (const job of largest(jobs, wanted)) {
    const plot = await view.plotSamples(job.id, { node, fromMs, toMs }, grid.columns, signal);
    const values = plot.total > 0 ? valuesOf(job, plot, { node, field, grid }) : undefined;
    if (!values) continue;
    lines.push(defined({ job_id: job.id, user: job.user, name: job.details?.name, values }));
  }
  return {
    node,
    field,
    start_time: formatTime(grid.startMs),
    step_seconds: grid.stepMs / 1000,
    columns: grid.columns,
    jobs: lines,
    left_out: total - lines.length,
  };
}

/** Returns the jobs that had most of the node for longest in the range, in the order of their starts. */
function largest(jobs: readonly Job[], { node, fromMs, toMs }: Wanted): Job[] {
  const weightOf = (job: Job) => {
    const heldMs = Math.min(job.endTimeMs ?? toMs, toMs) - Math.max(job.startTimeMs ?? toMs, fromMs);
    return heldMs * (partOfJob(job, node).cpus ?? 1);
  };
  return jobs
    .map((job) => ({ job, weight: weightOf(job) }))
    .sort((one, other) => other.weight - one.weight)
    .slice(0, MAX_USAGE_JOBS)
    .map(({ job }) => job)
    .sort((one, other) => (one.startTimeMs ?? 0) - (other.startTimeMs ?? 0));
}

interface Line {
  readonly node: string;
  readonly field: NodeField;
  readonly grid: UsageGrid;
}

/** Returns the line of a job; undefined if it is not known how much of the node it had. */
function valuesOf(job: Job, { points, spanMs }: Plot, { node, field, grid }: Line) {
  const { cpus, gpus } = partOfJob(job, node);
  if (field === 'memory_mb') return placePoints(grid, points, spanMs, points.memory);
  const [percent, given] = field === 'cpus' ? [points.cpu, cpus] : [points.gpu, gpus];
  if (given === undefined || given === 0) return undefined;
  return placePoints(grid, points, spanMs, percent).map((value) => value && round((value * given) / 100));
}

const round = (value: number): number => Number(value.toFixed(3));
