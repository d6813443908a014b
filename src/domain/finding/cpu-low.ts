import { formatCount, formatPercent } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';
import { isInteractive } from './interactive.ts';

/** Finds CPUs that were used, but little, of jobs without GPUs. Thresholds are those of jobstats. */
export const CPU_LOW: Rule = {
  subject: 'cpu',
  kinds: {
    'cpu-low':
      'CPUs of a job without GPUs were less than `cpu-modest-percent` busy; a waste below `cpu-low-percent`',
  },
  unless: ['cpu-throttled', 'nodes-unused', 'cpu-idle', 'cpu-serial'],
  judge(facts) {
    const { job, summary, thresholds } = facts;
    const { cpus = 0, gpus = 0 } = job.details ?? {};
    const { cpuUsage, gpuUsage } = summary.whole;
    if (!cpuUsage || gpuUsage || gpus > 0 || cpus < thresholds.cpuLeast || lackOf(facts)) return undefined;
    if (cpuUsage.mean >= thresholds.cpuModestPercent || isInteractive(job)) return undefined;
    return {
      kind: 'cpu-low',
      subject: 'cpu',
      severity: cpuUsage.mean < thresholds.cpuLowPercent ? 'waste' : 'info',
      message: `Its ${formatCount(cpus, 'CPU')} were ${formatPercent(cpuUsage.mean)} busy on average.`,
      action: 'Try it with half as many CPUs: if it takes about as long, they are enough.',
      evidence: { measure: 'cpu_usage' },
    };
  },
};
