import type { ArrayTask } from './array-task.ts';
import { type Distribution, distributionOf } from './distribution.ts';
import { hasEnded } from './job.ts';

const MAX_OUTLIERS = 10;

/** What stands out among the tasks of an array, and the measure by which it does. */
export const OUTLIER_KINDS = ['failed', 'slowest', 'memory', 'cpu', 'gpu'] as const;
export type OutlierKind = (typeof OUTLIER_KINDS)[number];

/** All tasks of an array as one thing. */
export interface ArraySummary {
  /** By Slurm's state where it is known, the most frequent first. */
  readonly states: readonly {
    readonly state: ArrayTask['state'];
    readonly rawState?: string;
    readonly tasks: number;
  }[];
  /** When the first task started, and when the last one ended; the latter is absent while any has not. */
  readonly startTimeMs?: number;
  readonly endTimeMs?: number;
  readonly submitTimeMs?: number;
  /** Of the tasks that ended after they had started. */
  readonly runtimeSeconds?: Distribution;
  readonly cpuUsage?: Distribution;
  readonly memoryPeakMb?: Distribution;
  readonly gpuUsage?: Distribution;
  /** At most MAX_OUTLIERS of each kind, the worst first; only kinds that there are. */
  readonly outliers: readonly { readonly kind: OutlierKind; readonly tasks: readonly ArrayTask[] }[];
}

/** Summarizes the tasks of an array. `rest` is called between steps of a few milliseconds. */
export async function summarizeArray(
  tasks: readonly ArrayTask[],
  rest: () => Promise<void>,
): Promise<ArraySummary> {
  const part = async <Value>(make: () => Value): Promise<Value> => {
    const value = make();
    await rest();
    return value;
  };
  const spread = (read: (task: ArrayTask) => number | undefined, range?: readonly [number, number]) =>
    part(() => distributionOf(valuesOf(tasks, read), range));
  const runtimeSeconds = await spread((task) => (hasEnded(task.state) ? task.runtimeSeconds : undefined));
  const cpuUsage = await spread((task) => task.cpuUsage, PERCENT);
  const memoryPeakMb = await spread((task) => task.memoryPeakMb);
  const gpuUsage = await spread((task) => task.gpuUsage, PERCENT);
  const outliers: { kind: OutlierKind; tasks: readonly ArrayTask[] }[] = [];
  for (const kind of OUTLIER_KINDS) {
    const worst = await part(() => highest(tasks, RANKS[kind]));
    if (worst.length > 0) outliers.push({ kind, tasks: worst });
  }
  return {
    states: await part(() => countStates(tasks)),
    ...(await part(() => timesOf(tasks))),
    ...(runtimeSeconds && { runtimeSeconds }),
    ...(cpuUsage && { cpuUsage }),
    ...(memoryPeakMb && { memoryPeakMb }),
    ...(gpuUsage && { gpuUsage }),
    outliers,
  };
}

const PERCENT = [0, 100] as const;

/** How far a task stands out; undefined if it does not. */
const RANKS: Record<OutlierKind, (task: ArrayTask) => number | undefined> = {
  // The latest first.
  failed: ({ state, endTimeMs }) => (state === 'failed' ? endTimeMs : undefined),
  slowest: ({ runtimeSeconds }) => runtimeSeconds,
  // Near its limit; without a limit nothing is near.
  memory: ({ memoryPeakMb, memoryLimitMb }) =>
    memoryPeakMb === undefined || !memoryLimitMb ? undefined : memoryPeakMb / memoryLimitMb,
  cpu: ({ cpuUsage }) => (cpuUsage === undefined ? undefined : -cpuUsage),
  gpu: ({ gpuUsage }) => (gpuUsage === undefined ? undefined : -gpuUsage),
};

/** Returns the tasks of the highest ranks, the highest first, without sorting all. */
function highest(tasks: readonly ArrayTask[], rankOf: (task: ArrayTask) => number | undefined): ArrayTask[] {
  let best: { rank: number; task: ArrayTask }[] = [];
  const keepBest = () => {
    best = best.sort((one, other) => other.rank - one.rank).slice(0, MAX_OUTLIERS);
  };
  for (const task of tasks) {
    const rank = rankOf(task);
    if (rank === undefined || (best.length >= MAX_OUTLIERS && rank <= best[MAX_OUTLIERS - 1]!.rank)) continue;
    best.push({ rank, task });
    if (best.length >= 2 * MAX_OUTLIERS || best.length === MAX_OUTLIERS) keepBest();
  }
  keepBest();
  return best.map(({ task }) => task);
}

function valuesOf(tasks: readonly ArrayTask[], read: (task: ArrayTask) => number | undefined): number[] {
  const values: number[] = [];
  for (const task of tasks) {
    const value = read(task);
    if (value !== undefined) values.push(value);
  }
  return values;
}

function countStates(tasks: readonly ArrayTask[]): ArraySummary['states'] {
  const counts = new Map<string, { state: ArrayTask['state']; rawState?: string; tasks: number }>();
  for (const { state, rawState } of tasks) {
    // `CANCELLED by 1000` is one state with all others that were cancelled.
    const word = rawState?.split(' ')[0];
    const key = `${state} ${word ?? ''}`;
    const count = counts.get(key) ?? { state, ...(word && { rawState: word }), tasks: 0 };
    count.tasks++;
    counts.set(key, count);
  }
  return [...counts.values()].sort((one, other) => other.tasks - one.tasks);
}

function timesOf(
  tasks: readonly ArrayTask[],
): Pick<ArraySummary, 'submitTimeMs' | 'startTimeMs' | 'endTimeMs'> {
  let [submitMs, startMs, endMs] = [Infinity, Infinity, -Infinity];
  for (const { submitTimeMs = Infinity, startTimeMs = Infinity, endTimeMs = Infinity } of tasks) {
    submitMs = Math.min(submitMs, submitTimeMs);
    startMs = Math.min(startMs, startTimeMs);
    endMs = Math.max(endMs, endTimeMs);
  }
  return {
    ...(Number.isFinite(submitMs) && { submitTimeMs: submitMs }),
    ...(Number.isFinite(startMs) && { startTimeMs: startMs }),
    ...(Number.isFinite(endMs) && { endTimeMs: endMs }),
  };
}
