import { formatCount, formatPercent } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';
import { describeNodes } from './node-names.ts';

/** Finds nodes that did nothing while another of the same run worked. */
export const NODES_UNUSED: Rule = {
  subject: 'nodes',
  kinds: {
    'nodes-unused': 'a node was below `node-idle-percent` while another was above `node-busy-percent`',
  },
  judge(facts) {
    const { job, summary, thresholds } = facts;
    if (job.nodes.length < 2) return undefined;
    const lack = lackOf(facts);
    if (lack) return lack;
    const known = summary.nodes.filter(({ cpuUsage }) => cpuUsage);
    if (known.length < job.nodes.length) {
      const silent = job.nodes.length - known.length;
      return { unjudged: `${formatCount(silent, 'node')} of ${job.nodes.length} sent nothing` };
    }
    const { nodeIdlePercent, nodeBusyPercent } = thresholds;
    const busiest = known.reduce((most, { cpuUsage }) => Math.max(most, cpuUsage!.mean), 0);
    const idle = known.filter(
      ({ cpuUsage, gpuUsage }) => cpuUsage!.mean < nodeIdlePercent && (gpuUsage?.mean ?? 0) < nodeIdlePercent,
    );
    if (idle.length === 0 || busiest < nodeBusyPercent) return 'fine';
    const names = idle.map(({ node }) => node);
    return {
      kind: 'nodes-unused',
      subject: 'nodes',
      severity: 'waste',
      message: `${describeNodes(names)} did nothing (CPU under ${formatPercent(nodeIdlePercent)}) while the busiest node was at ${formatPercent(busiest)}.`,
      action: `--nodes=${known.length - idle.length}`,
      nodes: names,
      evidence: { measure: 'cpu_usage' },
    };
  },
};
