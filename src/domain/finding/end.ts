import type { JobDetails } from '../detail.ts';
import { formatCount, formatMb, formatSeconds } from '../figures.ts';
import { hasEnded } from '../job.ts';
import { writeMemory, writeTime } from '../sizing/option.ts';
import type { Facts, Finding, Rule } from './finding.ts';
import { describeExitCode, describeSignal } from './signal.ts';

/** How much more of what was too little is worth a try. */
const NEXT_STEP = 1.5;
/**
 * Slurm's own signal for a run out of memory, `SIG_OOM` less 128 (slurm/slurm.h), where its state is not
 * known yet.
 */
const SIGNAL_OF_MEMORY = 125;

/** Says why a run ended, by Slurm's state, or else by its signal or exit code. */
export const END: Rule = {
  subject: 'end',
  kinds: {
    'ended-by-time-limit': 'Slurm ended it at its time limit (`TIMEOUT`)',
    'ended-by-memory': 'it was killed at its memory limit (`OUT_OF_MEMORY`)',
    'ended-by-node': 'a node failed (`NODE_FAIL`), and which other jobs it ended',
    'ended-by-preemption': 'a job of higher priority took its place (`PREEMPTED`)',
    'ended-by-deadline': 'it could not end before its deadline (`DEADLINE`)',
    'ended-by-boot': 'its nodes did not boot (`BOOT_FAIL`)',
    'ended-by-cancel': 'somebody cancelled it; who, where Slurm says it',
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
    if (!explain && details.signal === SIGNAL_OF_MEMORY) return describeMemory(facts);
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
    const option = limit ? writeTime(NEXT_STEP * limit)[1] : '--time';
    return end(
      'ended-by-time-limit',
      `It was ended at its time limit${at}.`,
      `${option}, or save and restart.`,
    );
  },
  OUT_OF_MEMORY: describeMemory,
  NODE_FAIL: describeLostNode,
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
  const only = nodes.length === 1 ? ` on ${nodes[0]}` : '';
  const where = nodes.length > 1 && fullest ? `, the most on ${fullest.node}` : '';
  const seen = used === undefined ? '' : `; the most that was measured is ${formatMb(used)}${where}`;
  const option = limit ? writeMemory((NEXT_STEP * limit) / Math.max(1, nodes.length))[1] : '--mem';
  return {
    ...end(
      'ended-by-memory',
      `It was killed because it reached its memory limit${at}${only}${seen}.`,
      `${option}, or let it use less.`,
    ),
    ...(nodes.length === 1 ? { nodes } : fullest && { nodes: [fullest.node] }),
    ...(used !== undefined && { evidence: { measure: 'memory_usage_mb' } }),
  };
}

const MAX_NAMED = 10;

/** Of several nodes the one that failed is that of all other jobs which ended with this one. */
function describeLostNode({ job: { nodes }, lostBeside = [] }: Facts): Finding {
  const shared = nodes.filter((node) => lostBeside.every((other) => other.nodes.includes(node)));
  const failed = nodes.length === 1 || (lostBeside.length > 0 && shared.length === 1) ? shared[0] : undefined;
  const which =
    failed === undefined ? `One of its ${nodes.length} nodes failed` : `Its node ${failed} failed`;
  const ids = lostBeside.slice(0, MAX_NAMED).map(({ id }) => id);
  const others =
    ids.length === 0
      ? ''
      : `, which ended ${formatCount(lostBeside.length, 'other job')} too (${ids.join(', ')})`;
  return {
    ...end('ended-by-node', `${which}${others}.`, 'Submit it again; Slurm does so by itself with --requeue.'),
    ...(failed !== undefined && { nodes: [failed] }),
    ...(ids.length > 0 && { jobs: ids }),
  };
}

/** Slurm appends the numeric id of the user who cancelled it: `CANCELLED by 1000`. */
function describeCancel({ job: { details = {}, startTimeMs, user }, canceller }: Facts): Finding {
  if (details.reason === 'DependencyNeverSatisfied')
    return end(
      'dependency-failed',
      'It was cancelled because a job that it depended on did not end as it had to.',
      'Mend that job, and submit both again.',
    );
  const uid = cancellerOf(details);
  const by = uid === undefined ? '' : ` by ${describeCanceller(uid, user, canceller)}`;
  const when = startTimeMs === undefined ? ' before it started' : '';
  return { ...end('ended-by-cancel', `It was cancelled${by}${when}.`), severity: 'info' };
}

/** Returns the number of the user who cancelled a run; undefined where Slurm does not say it. */
export function cancellerOf({ rawState = '' }: JobDetails): number | undefined {
  const uid = /^CANCELLED by (\d+)/.exec(rawState)?.[1];
  return uid === undefined ? undefined : Number(uid);
}

function describeCanceller(uid: number, owner: string, name: string | undefined): string {
  if (uid === 0) return 'root, an administrator or Slurm itself';
  if (name === undefined) return `the user with the number ${uid}`;
  return name === owner ? `its own user ${name}` : name;
}

function describeExit({ job: { details = {} } }: Facts): Finding | 'fine' {
  const { exitCode, signal } = details;
  if (signal) return end('ended-by-signal', `It was ended by ${describeSignal(signal)}.`);
  if (exitCode) return end('ended-with-code', `It ended with ${describeExitCode(exitCode)}.`);
  return 'fine';
}
