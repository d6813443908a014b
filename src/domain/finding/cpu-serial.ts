import { formatCount, formatPercent } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';

/** One busy CPU of n is 1/n; the bounds are those of jobstats. */
const LEAST_SHARE = 0.85;
const MOST_SHARE = 1.01;

/** Finds programs that run on one CPU of many. */
export const CPU_SERIAL: Rule = {
  subject: 'cpu',
  kinds: {
    'cpu-serial': 'one of several CPUs of a node was busy (85 to 101 % of one), and no GPU was there',
  },
  unless: ['cpu-throttled', 'cpu-idle'],
  judge(facts) {
    const { job, summary } = facts;
    const cpus = job.details?.cpus ?? 0;
    const use = summary.whole.cpuUsage;
    if (job.nodes.length !== 1 || cpus < 2 || !use || lackOf(facts)) return undefined;
    if (summary.whole.gpuUsage) return undefined;
    const busy = (cpus * use.mean) / 100;
    if (busy < LEAST_SHARE || busy > MOST_SHARE) return undefined;
    return {
      kind: 'cpu-serial',
      subject: 'cpu',
      severity: 'waste',
      message: `It kept one of its ${formatCount(cpus, 'CPU')} busy (${formatPercent(use.mean)} of all).`,
      action: '--cpus-per-task=1, unless the program can use several.',
      evidence: { measure: 'cpu_usage' },
    };
  },
};
