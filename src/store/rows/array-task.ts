import type { ArrayTask } from '../../domain/array-task.ts';
import { runtimeSeconds } from '../../domain/job.ts';
import type { UsageSummary } from '../../domain/summary.ts';
import { stateName } from './states.ts';

/** A row of `job` with its details, whose keys are those of ArrayTask where nothing is computed. */
export interface TaskRow {
  readonly seq: number;
  readonly jobId: string;
  readonly taskId: number | null;
  readonly user: string;
  readonly account: string | null;
  readonly name: string | null;
  readonly partition: string | null;
  readonly state: number;
  readonly rawState: string | null;
  readonly started: number;
  readonly start: number;
  readonly endTimeMs: number | null;
  readonly suspended: number;
  readonly submitTimeMs: number | null;
  readonly timeLimitSeconds: number | null;
  readonly exitCode: number | null;
  readonly signal: number | null;
  readonly nodes: number;
  readonly cpus: number | null;
  readonly gpus: number | null;
  readonly memoryLimitMb: number | null;
}

/** Makes a task of its row; `nowMs` ends the runtime of one that runs. */
export function taskOf(row: TaskRow, usage: UsageSummary | undefined, nowMs: number): ArrayTask {
  const { seq: _, state, started, start, suspended, ...rest } = row;
  const task: Record<string, unknown> = { state: stateName(state) };
  for (const [key, value] of Object.entries(rest)) if (value !== null) task[key] = value;
  // A job that the API moved back to pending keeps its start.
  if (started === 1 && task.state !== 'pending') {
    task.startTimeMs = start;
    task.runtimeSeconds = runtimeSeconds(start, rest.endTimeMs, nowMs, suspended);
  }
  if (usage?.cpuUsage) task.cpuUsage = usage.cpuUsage.mean;
  if (usage?.memoryUsageMb) task.memoryPeakMb = usage.memoryUsageMb.max;
  if (usage?.gpuUsage) task.gpuUsage = usage.gpuUsage.mean;
  return task as unknown as ArrayTask;
}
