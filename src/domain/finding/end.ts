import { formatMb, formatSeconds } from '../figures.ts';
import { hasEnded } from '../job.ts';
import type { Facts, Finding, Rule } from './finding.ts';
import { describeExitCode, describeSignal } from './signal.ts';

/** Says why a run ended, by Slurm's state, or else by its signal or exit code. */
export const END: Rule = {
  subject: 'end',
  kinds: {
    'ended-by-time-limit': 'Slurm ended it at its time limit (`TIMEOUT`)',
    'ended-by-memory': 'it was killed at its memory limit (`OUT_OF_MEMORY`)',
    'ended-by-node': 'a node failed (`NODE_FAIL`)',
    'ended-by-preemption': 'a job of higher priority took its place (`PREEMPTED`)',
    'ended-by-deadline': 'it could not end before its deadline (`DEADLINE`)',
    'ended-by-boot': 'its nodes did not boot (`BOOT_FAIL`)',
    'ended-by-cancel': 'somebody cancelled it, by the number of the user where Slurm says it',
    'ended-by-signal': 'a signal ended it; what the signal usually means',
    'ended-with-code': 'it failed with an exit code; what the code means to shells',
    'dependency-failed': 'it was cancelled because a job that it depended on failed',
  },
  unless: ['node-fails-jobs'],
  judge(facts) {
    const { state, details = {} } = facts.job;
    if (!hasEnded(state)) return undefined;
    if (state === 'completed') return 'fine';
    const explain = Object.entries(ENDS).find(([word]) => details.rawState?.startsWith(word))?.[1];
    return explain?.(facts) ?? describeExit(facts);
  },
};

const end = (kind: string, message: string, action?: string): Finding => ({
  kind,
  subject: 'end',
  severity: 'harm',
  message,
  ...(action !== undefined && { action }),
});

/** By the first word of Slurm's state (slurm/slurm.h, `job_states`). */
const ENDS: Readonly<Record<string, (facts: Facts) => Finding | 'fine'>> = {
  TIMEOUT({ job: { details = {} } }) {
    const limit = details.timeLimitSeconds;
    const at = limit === undefined ? '' : ` of ${formatSeconds(limit)}`;
    return end(
      'ended-by-time-limit',
      `It was ended at its time limit${at}.`,
      'Ask for more time (--time), or save and restart.',
    );
  },
  OUT_OF_MEMORY: describeMemory,
  NODE_FAIL({ job: { nodes } }) {
    const [node] = nodes;
    const which =
      nodes.length === 1 ? `Its node ${node} failed.` : `One of its ${nodes.length} nodes failed.`;
    return end('ended-by-node', which, 'Submit it again; Slurm does so by itself with --requeue.');
  },
  PREEMPTED: () =>
    end(
      'ended-by-preemption',
      'A job of higher priority took its place.',
      'Save and restart, with --requeue.',
    ),
  DEADLINE: () => end('ended-by-deadline', 'It could not end before its deadline (--deadline).'),
  BOOT_FAIL: () =>
    end('ended-by-boot', 'Its nodes did not boot.', 'Submit it again, and tell the administrators.'),
  CANCELLED: describeCancel,
};

function describeMemory({ job: { details = {}, nodes }, summary }: Facts): Finding {
  const limit = details.memoryLimitMb;
  const fullest = summary.nodes.reduce<(typeof summary.nodes)[number] | undefined>(
    (most, node) => ((node.memoryUsageMb?.max ?? -1) > (most?.memoryUsageMb?.max ?? -1) ? node : most),
    undefined,
  );
  const used = summary.whole.memoryUsageMb?.max;
  const at = limit === undefined ? '' : ` of ${formatMb(limit)}`;
  const where = nodes.length > 1 && fullest ? `, the most on ${fullest.node}` : '';
  const seen = used === undefined ? '' : `; the most that was measured is ${formatMb(used)}${where}`;
  return {
    ...end(
      'ended-by-memory',
      `It was killed because it reached its memory limit${at}${seen}.`,
      'Ask for more memory (--mem).',
    ),
    ...(used !== undefined && { evidence: { measure: 'memory_usage_mb' } }),
  };
}

/** Slurm appends the numeric id of the user who cancelled it: `CANCELLED by 1000`. */
function describeCancel({ job: { details = {}, startTimeMs } }: Facts): Finding {
  if (details.reason === 'DependencyNeverSatisfied')
    return end(
      'dependency-failed',
      'It was cancelled because a job that it depended on did not end as it had to.',
      'Mend that job, and submit both again.',
    );
  const uid = /^CANCELLED by (\d+)/.exec(details.rawState ?? '')?.[1];
  const by = uid === undefined ? '' : ` by the user with the number ${uid}`;
  const when = startTimeMs === undefined ? ' before it started' : '';
  return { ...end('ended-by-cancel', `It was cancelled${by}${when}.`), severity: 'info' };
}

function describeExit({ job: { details = {} } }: Facts): Finding | 'fine' {
  const { exitCode, signal } = details;
  if (signal) return end('ended-by-signal', `It was ended by ${describeSignal(signal)}.`);
  if (exitCode) return end('ended-with-code', `It ended with ${describeExitCode(exitCode)}.`);
  return 'fine';
}
