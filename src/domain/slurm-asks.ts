/** A job as Slurm is asked about it. */
export interface AskedJob {
  readonly id: string;
  readonly arrayJobId?: string | undefined;
  readonly arrayTaskId?: number | undefined;
}

/** A step of a job: the batch script, or what srun started. */
export interface JobStep {
  /** What follows the id of the job: `batch`, `extern`, `0`. */
  readonly step: string;
  readonly name?: string;
  /** As Slurm calls it, such as `COMPLETED` or `OUT_OF_MEMORY`. */
  readonly rawState: string;
  readonly exitCode?: number;
  readonly signal?: number;
  readonly startTimeMs?: number;
  readonly endTimeMs?: number;
  readonly elapsedSeconds?: number;
  /** CPU time of its processes; Slurm knows it after the end. */
  readonly cpuSeconds?: number;
  /** Most memory of one of its tasks, in MB of 2^20 bytes. */
  readonly maxMemoryMb?: number;
  readonly cpus?: number;
  readonly nodes?: string;
}

/** What Slurm said, and when. */
export interface Said<Value> {
  readonly value: Value;
  readonly timeMs: number;
}

/**
 * What is asked of Slurm when somebody wants to know it. Answers are kept for a minute. Rejects with
 * `unavailable`, one sentence, if Slurm fails, does not answer in time, or is being asked too much.
 */
export interface SlurmAsks {
  /** Returns when Slurm expects to start a waiting job; undefined while it does not know. */
  expectedStart(job: AskedJob): Promise<Said<number | undefined>>;
  /** Returns the steps of the latest run of a job, at most MAX_STEPS. */
  steps(job: AskedJob): Promise<Said<readonly JobStep[]>>;
}

export const MAX_STEPS = 1000;
