/** Calls of one of Slurm's programs since the start of the service. */
export interface CommandState {
  readonly calls: number;
  readonly failures: number;
  /** Milliseconds since 1970; absent before the first success. */
  readonly lastSuccessMs?: number;
  readonly lastDurationMs?: number;
  /** Whether the latest call failed. */
  readonly isFailing?: boolean;
}

/** The spool folder that the hooks write events to. */
export interface SpoolState {
  /** Events waiting at the last scan of the folder. */
  readonly length: number;
  /** When the oldest waiting event was written, in milliseconds since 1970; absent when none waits. */
  readonly oldestMs?: number;
  /** Files since the start: delivered, moved aside as unreadable, and failed (counted at every attempt). */
  readonly processed: number;
  readonly bad: number;
  readonly failed: number;
}
