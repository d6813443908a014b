import { formatMb, formatSeconds } from '../figures.ts';
import { hasEnded } from '../job.ts';
import type { Facts, Finding, Rule } from './finding.ts';

/** Says why a run ended, where Slurm's state names a reason that the user can do something about. */
export const END: Rule = {
  subject: 'end',
  judge(facts) {
    const { state, details = {} } = facts.job;
    if (!hasEnded(state)) return undefined;
    if (state === 'completed') return 'fine';
    const explain = Object.entries(ENDS).find(([word]) => details.rawState?.startsWith(word))?.[1];
    return explain?.(facts) ?? describeExit(facts);
  },
};

const harm = (kind: string, message: string, action?: string): Finding => ({
  kind,
  subject: 'end',
  severity: 'harm',
  message,
  ...(action !== undefined && { action }),
});

/** By the first word of Slurm's state (slurm/slurm.h, `job_states`). */
const ENDS: Readonly<Record<string, (facts: Facts) => Finding>> = {
  TIMEOUT({ job: { details = {} } }) {
    const limit = details.timeLimitSeconds;
    const at = limit === undefined ? '' : ` of ${formatSeconds(limit)}`;
    return harm(
      'ended-by-time-limit',
      `It was ended at its time limit${at}.`,
      'Ask for more time (--time), or save and restart.',
    );
  },
  OUT_OF_MEMORY({ job: { details = {} }, summary }) {
    const limit = details.memoryLimitMb;
    const used = summary.whole.memoryUsageMb?.max;
    const at = limit === undefined ? '' : ` of ${formatMb(limit)}`;
    const seen = used === undefined ? '' : `; the most that was measured is ${formatMb(used)}`;
    return harm(
      'ended-by-memory',
      `It was killed because it reached its memory limit${at}${seen}.`,
      'Ask for more memory (--mem).',
    );
  },
  NODE_FAIL: () =>
    harm('ended-by-node', 'A node of it failed.', 'Submit it again; Slurm does so by itself with --requeue.'),
  PREEMPTED: () => harm('ended-by-preemption', 'A job of higher priority took its place.'),
};

function describeExit({ job: { details = {} } }: Facts): Finding | 'fine' {
  const { exitCode, signal } = details;
  if (signal) return harm('ended-by-signal', `It was ended by signal ${signal}.`);
  if (exitCode) return harm('ended-with-code', `It ended with exit code ${exitCode}.`);
  return 'fine';
}
