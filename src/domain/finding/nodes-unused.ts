import { formatCount, formatPercent } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';
import { describeNodes } from './gpu-unused.ts';

const IDLE_PERCENT = 1;
const BUSY_PERCENT = 50;

/** Finds nodes that did nothing while another of the same run worked. */
export const NODES_UNUSED: Rule = {
  subject: 'nodes',
  judge({ job, summary: { whole, nodes } }) {
    if (job.nodes.length < 2) return undefined;
    const lack = lackOf(whole);
    if (lack) return lack;
    const known = nodes.filter(({ cpuUsage }) => cpuUsage);
    if (known.length < job.nodes.length) {
      const silent = job.nodes.length - known.length;
      return { unjudged: `${formatCount(silent, 'node')} of ${job.nodes.length} sent nothing` };
    }
    const busiest = known.reduce((most, { cpuUsage }) => Math.max(most, cpuUsage!.mean), 0);
    const idle = known.filter(
      ({ cpuUsage, gpuUsage }) => cpuUsage!.mean < IDLE_PERCENT && (gpuUsage?.mean ?? 0) < IDLE_PERCENT,
    );
    if (idle.length === 0 || busiest < BUSY_PERCENT) return 'fine';
    const names = idle.map(({ node }) => node);
    return {
      kind: 'nodes-unused',
      subject: 'nodes',
      severity: 'waste',
      message: `${describeNodes(names)} did nothing (CPU under ${IDLE_PERCENT} %) while the busiest node was at ${formatPercent(busiest)}.`,
      action: `--nodes=${known.length - idle.length}`,
      nodes: names,
    };
  },
};
