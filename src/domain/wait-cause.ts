/** The kinds of causes for which jobs wait, in the order in which pages show them. */
export const WAIT_CAUSES = [
  'resources',
  'limit',
  'dependency',
  'time',
  'outage',
  'scheduler',
  'held',
  'request',
  'other',
] as const;
export type WaitCause = (typeof WAIT_CAUSES)[number];

/** What a reason of the scheduler means to the owner of the job. */
export interface PendingReason {
  readonly cause: WaitCause;
  /** Why the job waits, or why it ended so: one sentence. */
  readonly meaning: string;
  /** What its owner can do: one sentence. */
  readonly action: string;
}
