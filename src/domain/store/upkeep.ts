/** One attempt to commit a group of writes. */
export interface Commit {
  readonly writes: number;
  /** Jobs and samples in those writes. */
  readonly rows: number;
  /** From the start of the transaction until it was on disk. */
  readonly seconds: number;
  readonly failed: boolean;
}

/** What one step of `expire` did. */
export interface ExpireStep {
  /** Samples that were packed into chunks. */
  readonly sealedSamples: number;
  /** Rows of the database that were inserted, changed or deleted. */
  readonly changedRows: number;
  /** Without the wait for other writes. */
  readonly seconds: number;
  readonly hasMore: boolean;
}

/** A message for the administrator. */
export interface Notice {
  readonly level: 'info' | 'error';
  readonly event:
    | 'database_migrated'
    | 'database_lost'
    | 'database_back'
    | 'lock_not_taken'
    | 'data_set_aside';
  /** One sentence. */
  readonly message: string;
}

export interface StoreStatus {
  /** Rows accepted and waiting for their commit. */
  readonly queueLength: number;
  /** Samples that wait to be sealed. After a start they are counted within some seconds. */
  readonly unsealedSamples: number;
  /** How urgent it is to call `expire` again: 0 not at all, 1 at once (domain `urgencyOf`). */
  readonly sealUrgency: number;
  /** Writes of samples that were refused since the start because too many samples were unsealed. */
  readonly refusedUnsealed: number;
  /** Size of the database and its write-ahead log. */
  readonly databaseBytes: number;
  /** Series of samples, chunks and jobs that `expire` could not process since the start and set aside. */
  readonly setAside: number;
}

/** What one step of `judgeRunning` did. */
export interface JudgedJobs {
  readonly jobs: number;
  /** Jobs whose kept findings changed. */
  readonly changed: number;
  /** Whether those were the last running jobs: the next step begins with the first ones. */
  readonly isLast: boolean;
}

/** How long data is kept, in milliseconds; undefined keeps it for ever. */
export interface Retention {
  /** Older samples are replaced by points of 15 minutes (domain `summarize`). */
  readonly sampleMs?: number;
  /** How long those points are kept. */
  readonly summaryMs?: number;
  /** Counts from the end of a job; a job that has not ended is kept. */
  readonly jobMs?: number;
  /** How long the audit record is kept. */
  readonly auditMs?: number;
}

/** What the service itself needs of its store. See `Store` for the promises of all methods. */
export interface Upkeep {
  /** Commits a small write. Rejects with `unavailable` if that is not possible now. */
  checkWritable(): Promise<void>;

  /**
   * Performs one small step (a few milliseconds) of sealing samples and of deleting what is older than
   * `retention` allows at `nowMs`. Resolves to whether there is more to do. Data that cannot be processed is
   * set aside, reported once and counted in `status`; the rest is processed.
   */
  expire(retention: Retention, nowMs: number): Promise<boolean>;

  /**
   * Lets every ended run be judged anew by the rules, with the steps of `expire`: about 1,000 runs a second.
   * Returns how many ended jobs there are.
   */
  judgeAnew(): Promise<number>;

  /**
   * Judges the next running jobs by the rules, `limit` of them at most, in the order of their starts, and
   * keeps for lists and counts what changed. Works in slices beside other reads; one call at a time. Samples
   * are read once: what they add up to is in memory from one round to the next.
   */
  judgeRunning(nowMs: number, limit: number, signal?: AbortSignal): Promise<JudgedJobs>;

  /** Returns a number that the service stored for itself under a name; undefined if it never did. */
  readState(name: string): Promise<number | undefined>;

  /** Stores a number of the service under a name, and replaces the previous one. */
  saveState(name: string, value: number): Promise<void>;

  /** Returns the current state of the engine. Never fails. */
  status(): StoreStatus;

  /** Commits what was accepted, then closes the database. All later calls reject with `unavailable`. */
  close(): Promise<void>;
}
