import { readCourses } from '../../domain/finding/courses.ts';
import { judgeRun } from '../../domain/finding/judge.ts';
import { readNodeSizes } from '../../domain/finding/node-sizes.ts';
import type { Thresholds } from '../../domain/finding/thresholds.ts';
import { hasEnded, type Job } from '../../domain/job.ts';
import type { Need, PolicyJob } from '../../domain/policy/figures.ts';
import {
  type IdleRules,
  type IdleSample,
  type IdleTimes,
  longestIdle,
  measureIdle,
} from '../../domain/policy/idle.ts';
import type { LiveStore } from '../../domain/store/live.ts';
import type { View } from '../../domain/store/view.ts';

/** More samples would be of some thousand nodes; without the oldest of them, idle times come out shorter. */
const MAX_SAMPLES = 100_000;
export type FactStore = Pick<View, 'summarizeJob' | 'listSamples' | 'plotSamples'> &
  Pick<LiveStore, 'nodeReport'>;

export interface FactOptions {
  readonly store: FactStore;
  readonly thresholds: Thresholds;
  readonly nowMs: number;
  /** How far back idle times matter. */
  readonly idleMs: number;
  readonly signal?: AbortSignal;
  /** The number of a run before the latest. */
  readonly run?: number;
}

/** Reads what policies need to know of a job beside the job itself. */
export async function readFacts(
  job: Job,
  needs: ReadonlySet<Need>,
  options: FactOptions,
): Promise<PolicyJob> {
  const { store, thresholds, nowMs, signal, run } = options;
  const summary =
    needs.has('summary') || needs.has('findings') ? await store.summarizeJob(job.id, run, signal) : undefined;
  const idle = needs.has('idle') ? await readIdle(job, options) : undefined;
  const facts = {
    job,
    nowMs,
    ...(run !== undefined && { run }),
    ...(summary && { summary }),
    ...(idle && { idle }),
  };
  if (!needs.has('findings') || !summary) return facts;
  const nodeSizes = await readNodeSizes(store, job);
  const courses = await readCourses(
    job,
    options,
    async (query, maxPoints) => (await store.plotSamples(job.id, query, maxPoints, signal)).points,
  );
  return {
    ...facts,
    findings: judgeRun({ job, summary, thresholds, nowMs, nodeSizes, ...courses }).findings,
  };
}

/** Of a running job how long it has been idle up to now; of one that ended, the longest that it ever was. */
async function readIdle(
  job: Job,
  { store, thresholds, nowMs, idleMs, signal, run }: FactOptions,
): Promise<IdleTimes | undefined> {
  const isOver = hasEnded(job.state);
  const query = { ...(!isOver && { fromMs: nowMs - idleMs }), ...(run !== undefined && { run }) };
  const { samples } = await store.listSamples(job.id, query, MAX_SAMPLES, signal);
  const rules: IdleRules = {
    nodes: job.nodes,
    endMs: job.endTimeMs ?? nowMs,
    gpuPercent: thresholds.gpuIdlePercent,
    cpuPercent: thresholds.cpuIdlePercent,
  };
  return (isOver ? longestIdle : measureIdle)(rowsOf(samples, job.nodes[0]), rules);
}

type Samples = Awaited<ReturnType<View['listSamples']>>['samples'];

function* rowsOf(
  { count, times, cpu, gpu, nodes, names }: Samples,
  firstNode: string | undefined,
): Generator<IdleSample> {
  for (let row = 0; row < count; row++) {
    const node = names[nodes[row]!] ?? firstNode;
    if (node !== undefined) yield { timeMs: times[row]!, node, cpu: cpu[row]!, gpu: gpu[row]! };
  }
}
