/** Damages of one part that are named. */
export const MAX_NAMED = 20;

/** One part of a database, and what is wrong with it. */
export interface Checked {
  readonly part: string;
  /** What was looked at, such as `5000000 jobs`. */
  readonly looked: string;
  /** Sentences, at most 20; empty if all is well. */
  readonly damages: readonly string[];
  /** What to do if there are damages. */
  readonly advice: string;
}

export interface CheckOptions {
  /** `done` is from 0 to 1. */
  readonly onProgress?: (done: number, part: string) => void;
}
