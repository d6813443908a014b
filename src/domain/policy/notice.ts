import type { Audience, Way } from './policy.ts';

/** The policy of notices that are weekly digests. */
export const DIGEST = 'digest';

/** A job that a notice names, and what it says of it. */
export interface NoticeJob {
  readonly id: string;
  readonly name?: string;
  readonly text: string;
  /** What to do, where a finding says it. */
  readonly action?: string;
}

/** What a notice says of one user, or of one matter. */
export interface NoticePart {
  readonly title: string;
  readonly lines: readonly string[];
  readonly jobs: readonly NoticeJob[];
  /** Jobs beyond those that are named. */
  readonly more: number;
}

/** What somebody is told. Kept as long as the audit record. */
export interface Notice {
  readonly policy: string;
  readonly audience: Audience;
  /** The user or coordinator; empty for the administrators. */
  readonly name: string;
  readonly timeMs: number;
  /** What happened until then has been told with it. */
  readonly untilMs: number;
  /** Sending is given up then. */
  readonly expiresMs: number;
  readonly subject: string;
  /** What the site says about it. */
  readonly says: string;
  readonly parts: readonly NoticePart[];
}

/** A run that a notice names, so that it is not named again. */
export interface NamedRun {
  readonly job: string;
  readonly startMs: number;
}

/** A notice to be stored, with how it is sent. */
export interface NewNotice extends Notice {
  readonly ways: readonly Exclude<Way, 'page'>[];
  readonly runs: readonly NamedRun[];
}

/**
 * Sources may correct the start of a run by seconds, and a requeued run starts after the one before has been
 * looked at for minutes.
 */
const SAME_START_MS = 60_000;

/** Returns whether two times are the start of one run of a job. */
export const isSameStart = (oneMs: number, otherMs: number): boolean =>
  Math.abs(oneMs - otherMs) <= SAME_START_MS;
