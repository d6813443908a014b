import { statSync } from 'node:fs';
import type { JobDirectory } from './cgroup/find.ts';
import { isPopulated } from './cgroup/populated.ts';
import type { Clock } from './clock.ts';
import type { ReadText } from './file.ts';
import { keyText } from './reading.ts';

/** A job that begins or ends has no process for a moment. */
const GRACE_MS = 60_000;
/** A job with processes is looked at again after this; it takes 0.4 ms in version 1. */
const POPULATED_MS = 30_000;

interface LeftoverOptions {
  readonly clock: Clock;
  readonly readFile: ReadText;
}

/** Tells directories that Slurm left behind from jobs that hold the node and run nothing. */
export interface Leftovers {
  /** Returns the jobs that are on the node; `isHeld` says that Prolog ran for a job, and Epilog not yet. */
  drop(jobs: readonly JobDirectory[], isHeld: (job: JobDirectory) => boolean): JobDirectory[];
}

/**
 * A directory is left over if there has been no process in it for a minute, not even slurmstepd or the one
 * that PrologFlags=Contain keeps, and no file of Prolog. The kernel may forget when a directory was made, and
 * gives a later time then, so that what the agent saw itself counts as well.
 */
export function createLeftovers({ clock, readFile }: LeftoverOptions): Leftovers {
  let emptySinceMs = new Map<string, number>();
  let populatedMs = new Map<string, number>();

  /** When a process was seen in a job last; undefined if there is none. */
  function lastPopulatedMs(job: JobDirectory, nowMs: number): number | undefined {
    const lastMs = populatedMs.get(keyText(job.key)) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - lastMs < POPULATED_MS) return lastMs;
    return isPopulated(job, readFile) ? nowMs : undefined;
  }

  return {
    drop(jobs, isHeld) {
      const nowMs = clock.monotonicMs();
      const before = emptySinceMs;
      emptySinceMs = new Map();
      const populated = new Map<string, number>();
      const here = jobs.filter((job) => {
        const key = keyText(job.key);
        if (isHeld(job)) return true;
        const seenMs = lastPopulatedMs(job, nowMs);
        if (seenMs !== undefined) {
          populated.set(key, seenMs);
          return true;
        }
        const sinceMs = before.get(key) ?? nowMs - ageMs(job, clock.nowMs());
        emptySinceMs.set(key, sinceMs);
        return nowMs - sinceMs < GRACE_MS;
      });
      populatedMs = populated;
      return here;
    },
  };
}

/** How long the directories of a job have been as they are; 0 if they are gone. */
function ageMs({ unified, controllers }: JobDirectory, nowMs: number): number {
  const folders = [...(unified === undefined ? [] : [unified]), ...controllers.values()];
  const changedMs = folders.map((folder) => statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? nowMs);
  return Math.max(0, nowMs - Math.max(...changedMs));
}
