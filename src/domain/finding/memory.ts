import { formatMb, formatPercent } from '../figures.ts';
import { hasEnded } from '../job.ts';
import { lackOf } from './enough.ts';
import type { Facts, Finding, Rule } from './finding.ts';

const NEAR_LIMIT = 0.95;
const LITTLE = 0.3;
/** Less than this is not worth a thought. */
const LEAST_UNUSED_MB = 4096;
/** What is asked for should leave room for the next run to need a little more. */
const HEADROOM = 1.2;

/**
 * Compares the most memory of a run with its limit: near it the kernel is about to kill, far below it others
 * wait for memory that nobody uses.
 */
export const MEMORY: Rule = {
  subject: 'memory',
  judge(facts) {
    const { job, summary } = facts;
    const limitMb = job.details?.memoryLimitMb;
    const used = summary.whole.memoryUsageMb;
    if (!limitMb) return used ? { unjudged: 'its limit is not known' } : lackOf(summary.whole);
    // Its end says so already.
    if (job.details?.rawState?.startsWith('OUT_OF_MEMORY')) return undefined;
    if (used && used.max >= NEAR_LIMIT * limitMb) return nearLimit(used.max, limitMb);
    const lack = lackOf(summary.whole);
    if (lack) return lack;
    if (!used) return { unjudged: 'memory was not measured' };
    return muchUnused(facts, used.max, limitMb) ?? 'fine';
  },
};

const nearLimit = (usedMb: number, limitMb: number): Finding => ({
  kind: 'memory-near-limit',
  subject: 'memory',
  severity: 'harm',
  message: `It used ${formatMb(usedMb)}, ${formatPercent((100 * usedMb) / limitMb)} of its limit of ${formatMb(limitMb)}; above it the kernel kills.`,
  action: 'Ask for more memory, or let the program use less.',
});

/** A running job may still need what it asked for. */
function muchUnused({ job }: Facts, usedMb: number, limitMb: number): Finding | undefined {
  if (usedMb >= LITTLE * limitMb || limitMb - usedMb < LEAST_UNUSED_MB || !hasEnded(job.state))
    return undefined;
  const perNodeGb = Math.max(1, Math.ceil((HEADROOM * usedMb) / Math.max(1, job.nodes.length) / 1024));
  return {
    kind: 'memory-unused',
    subject: 'memory',
    severity: 'waste',
    message: `It used at most ${formatMb(usedMb)} of the ${formatMb(limitMb)} that it asked for.`,
    action: `--mem=${perNodeGb}G`,
  };
}
