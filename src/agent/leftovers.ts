import { statSync } from 'node:fs';
import type { JobDirectory } from './cgroup/find.ts';
import { isPopulated } from './cgroup/populated.ts';
import type { Clock } from './clock.ts';
import type { ReadText } from './file.ts';
import { keyText } from './reading.ts';

/** A job that begins or ends has no process for a moment. */
const GRACE_MS = 60_000;

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
  return {
    drop(jobs, isHeld) {
      const nowMs = clock.monotonicMs();
      const before = emptySinceMs;
      emptySinceMs = new Map();
      return jobs.filter((job) => {
        if (isHeld(job) || isPopulated(job, readFile)) return true;
        const key = keyText(job.key);
        const sinceMs = before.get(key) ?? nowMs - ageMs(job, clock.nowMs());
        emptySinceMs.set(key, sinceMs);
        return nowMs - sinceMs < GRACE_MS;
      });
    },
  };
}

/** How long the directories of a job have been as they are; 0 if they are gone. */
function ageMs({ unified, controllers }: JobDirectory, nowMs: number): number {
  const folders = [...(unified === undefined ? [] : [unified]), ...controllers.values()];
  const changedMs = folders.map((folder) => statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? nowMs);
  return Math.max(0, nowMs - Math.max(...changedMs));
}
