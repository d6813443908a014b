import type { JobState } from './job.ts';

/** Tasks of an array that are read; Slurm allows 1,000 unless its MaxArraySize says otherwise. */
export const MAX_ARRAY_TASKS = 100_000;

/** What is shown of one task of an array. */
export interface ArrayTask {
  readonly jobId: string;
  /** Absent for the tasks that wait together as one job, whose number is not known. */
  readonly taskId?: number;
  readonly user: string;
  readonly account?: string;
  readonly name?: string;
  readonly partition?: string;
  readonly state: JobState;
  readonly rawState?: string;
  readonly submitTimeMs?: number;
  /** Absent while it has not started. */
  readonly startTimeMs?: number;
  readonly endTimeMs?: number;
  /** To its end, or to now, without suspended time; absent while it has not started. */
  readonly runtimeSeconds?: number;
  readonly timeLimitSeconds?: number;
  readonly exitCode?: number;
  readonly signal?: number;
  readonly nodes?: number;
  readonly cpus?: number;
  readonly gpus?: number;
  readonly memoryLimitMb?: number;
  /** Mean of all samples, 0 to 100; absent if not measured, as the two that follow. */
  readonly cpuUsage?: number;
  /** The most that it used, in MB of 2^20 bytes. */
  readonly memoryPeakMb?: number;
  readonly gpuUsage?: number;
}
