import { formatCount, formatSeconds } from '../figures.ts';
import { runtimeSeconds } from '../job.ts';
import type { Rule } from './finding.ts';

/** Finds runs that failed at once on a node where many others did: the node is a black hole for jobs. */
export const BLACK_HOLE: Rule = {
  subject: 'end',
  kinds: {
    'node-fails-jobs':
      'a job failed within `short-seconds` on a node where `black-hole-jobs` others did within the hour',
  },
  judge({ job, nowMs, failedBeside = 0, thresholds }) {
    const { state, startTimeMs, endTimeMs, details, nodes } = job;
    const [node] = nodes;
    if (state !== 'failed' || startTimeMs === undefined || node === undefined) return undefined;
    const seconds = runtimeSeconds(startTimeMs, endTimeMs, nowMs, details?.suspendedSeconds);
    if (seconds >= thresholds.shortSeconds || failedBeside < thresholds.blackHoleJobs) return undefined;
    return {
      kind: 'node-fails-jobs',
      subject: 'end',
      severity: 'harm',
      message: `It failed on ${node} after ${formatSeconds(seconds)}, as ${formatCount(failedBeside, 'other job')} did there within an hour.`,
      action: `--exclude=${node}`,
      nodes: [node],
    };
  },
};
