import { formatPercent, formatSeconds } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';

/** Finds runs whose processes were held back, because together they wanted more CPUs than they were given. */
export const CPU_THROTTLED: Rule = {
  subject: 'cpu',
  kinds: {
    'cpu-throttled':
      'its processes were held back at the CPU limit for `cpu-throttled-percent` of their CPU time',
  },
  judge(facts) {
    const { summary, thresholds } = facts;
    const { cpuSeconds, cpuThrottledSeconds } = summary.whole.measured ?? {};
    if (cpuSeconds === undefined || cpuThrottledSeconds === undefined || lackOf(facts)) return undefined;
    const percent = (100 * cpuThrottledSeconds) / Math.max(cpuSeconds + cpuThrottledSeconds, 1);
    if (percent < thresholds.cpuThrottledPercent) return undefined;
    return {
      kind: 'cpu-throttled',
      subject: 'cpu',
      severity: 'harm',
      message: `It was held back at its CPU limit for ${formatSeconds(cpuThrottledSeconds)}, ${formatPercent(percent)} of its CPU time.`,
      action: 'Ask for more CPUs, or start fewer threads (OMP_NUM_THREADS).',
      evidence: { measure: 'cpu_throttled_seconds' },
    };
  },
};
