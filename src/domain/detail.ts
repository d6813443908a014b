/** What a job was given of one node. */
export interface Allocation {
  readonly node: string;
  readonly cpus?: number;
  readonly memoryMb?: number;
  /** As the scheduler names them: indexes or UUIDs. */
  readonly gpuIds?: readonly string[];
}

/** What a scheduler knows of a run besides its user, nodes and life. A field that nobody gave is absent. */
export interface JobDetails {
  readonly name?: string;
  readonly account?: string;
  readonly partition?: string;
  readonly qos?: string;
  readonly cluster?: string;
  readonly submitTimeMs?: number;
  readonly timeLimitSeconds?: number;
  /** Of the whole job, as are `memoryLimitMb` and `gpus`. */
  readonly cpus?: number;
  readonly memoryLimitMb?: number;
  readonly gpus?: number;
  readonly workDir?: string;
  /** The id of the array that the job is a task of. */
  readonly arrayJobId?: string;
  readonly arrayTaskId?: number;
  readonly exitCode?: number;
  /** The signal that ended it. */
  readonly signal?: number;
  /** The state in the scheduler's own word. */
  readonly rawState?: string;
  /** Why it waits, or why it ended so. */
  readonly reason?: string;
  /** How often it had been requeued before this run. */
  readonly restarts?: number;
  readonly allocations?: readonly Allocation[];
  /** Slurm's key of the run (SLUID); of a run that changed its size the one that it began with. */
  readonly sluid?: string;
  /** The other SLUIDs that accounting gave it, one at each change of its size; in their order, which is that of time. */
  readonly otherSluids?: readonly string[];
  /** When its size changed: the last ones that are known, in order, in milliseconds since 1970. Absent where it never did. */
  readonly resizedMs?: readonly number[];
  /** How long it had been suspended; of one that runs, up to the last look at it. Absent where nobody knows of any. */
  readonly suspendedSeconds?: number;
}
