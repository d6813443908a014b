import { formatMb, formatPercent } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';

/** Finds runs whose memory came near the limit, above which the kernel kills. */
export const MEMORY_NEAR_LIMIT: Rule = {
  subject: 'memory',
  kinds: {
    'memory-near-limit':
      'the most memory was above `memory-close-percent` of the limit; a harm from `memory-near-percent` on',
  },
  unless: ['ended-by-memory', 'memory-killed'],
  judge(facts) {
    const { job, summary, thresholds } = facts;
    const limitMb = job.details?.memoryLimitMb;
    const used = summary.whole.memoryUsageMb;
    if (!limitMb) return used ? { unjudged: 'its limit is not known' } : lackOf(facts);
    if (!used) return lackOf(facts) ?? { unjudged: 'memory was not measured' };
    const percent = (100 * used.max) / limitMb;
    // However short the run was: the kernel does not wait for more samples either.
    if (percent <= thresholds.memoryClosePercent) return lackOf(facts) ?? 'fine';
    return {
      kind: 'memory-near-limit',
      subject: 'memory',
      severity: percent < thresholds.memoryNearPercent ? 'info' : 'harm',
      message: `It used ${formatMb(used.max)}, ${formatPercent(percent)} of its limit of ${formatMb(limitMb)}; above it the kernel kills.`,
      action: 'Ask for more memory, or let the program use less.',
      evidence: { measure: 'memory_usage_mb' },
    };
  },
};
