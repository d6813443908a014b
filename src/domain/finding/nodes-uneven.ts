import { formatPercent } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';

/** Finds runs in which one node works more than the others, which wait for it. */
export const NODES_UNEVEN: Rule = {
  subject: 'nodes',
  kinds: {
    'nodes-uneven':
      'the mean of its nodes was `node-uneven-percent` below the busiest, which was above `node-busy-percent`',
  },
  unless: ['nodes-unused', 'cpu-idle'],
  judge(facts) {
    const { job, summary, thresholds } = facts;
    const known = summary.nodes.filter(({ cpuUsage }) => cpuUsage);
    if (job.nodes.length < 2 || known.length < job.nodes.length || lackOf(facts)) return undefined;
    const means = known.map(({ cpuUsage }) => cpuUsage!.mean);
    const most = means.reduce((max, mean) => Math.max(max, mean), 0);
    const mean = means.reduce((sum, one) => sum + one, 0) / means.length;
    if (most < thresholds.nodeBusyPercent || most - mean < thresholds.nodeUnevenPercent) return undefined;
    const busiest = known.find(({ cpuUsage }) => cpuUsage!.mean === most)!.node;
    return {
      kind: 'nodes-uneven',
      subject: 'nodes',
      severity: 'info',
      message: `${busiest} was ${formatPercent(most)} busy, and its ${known.length} nodes ${formatPercent(mean)} on average.`,
      action: 'Share the work evenly over the nodes, or ask for fewer.',
      nodes: [busiest],
      evidence: { measure: 'cpu_usage' },
    };
  },
};
