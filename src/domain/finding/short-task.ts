import { formatSeconds } from '../figures.ts';
import { runtimeSeconds } from '../job.ts';
import type { Rule } from './finding.ts';

/** Finds tasks of arrays that take less time than Slurm needs to start them. */
export const SHORT_TASK: Rule = {
  subject: 'time',
  kinds: {
    'short-task': 'a task of an array took less than `short-seconds`',
  },
  judge({ job, nowMs, thresholds }) {
    const { state, startTimeMs, endTimeMs, details = {} } = job;
    if (state !== 'completed' || details.arrayJobId === undefined || startTimeMs === undefined)
      return undefined;
    const seconds = runtimeSeconds(startTimeMs, endTimeMs, nowMs, details.suspendedSeconds);
    if (seconds >= thresholds.shortSeconds) return undefined;
    return {
      kind: 'short-task',
      subject: 'time',
      severity: 'info',
      message: `This task of an array took ${formatSeconds(seconds)}; starting it takes about as long.`,
      action: 'Do several of these in one task.',
    };
  },
};
