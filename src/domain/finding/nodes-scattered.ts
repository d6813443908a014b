import { formatCount } from '../figures.ts';
import type { Rule } from './finding.ts';

/** Finds jobs without GPUs that have few CPUs on each of several nodes, where fewer nodes would do. */
export const NODES_SCATTERED: Rule = {
  subject: 'nodes',
  kinds: {
    'nodes-scattered': 'fewer than `node-few-cpus` CPUs on each of several nodes, which would fit on fewer',
  },
  unless: ['nodes-unused'],
  judge({ job, nodeSizes, thresholds }) {
    const { cpus = 0, gpus = 0 } = job.details ?? {};
    const nodes = job.nodes.length;
    if (nodes < 2 || cpus === 0 || gpus > 0 || !nodeSizes) return undefined;
    if (cpus / nodes >= thresholds.nodeFewCpus) return undefined;
    const least = job.nodes.reduce(
      (min, node) => Math.min(min, nodeSizes.get(node)?.cpus ?? 0),
      Number.POSITIVE_INFINITY,
    );
    const enough = least > 0 ? Math.ceil(cpus / least) : nodes;
    if (enough >= nodes) return undefined;
    return {
      kind: 'nodes-scattered',
      subject: 'nodes',
      severity: 'info',
      message: `Its ${formatCount(cpus, 'CPU')} are on ${nodes} nodes, and would fit on ${enough}: each has ${least}.`,
      action: `--nodes=${enough}`,
    };
  },
};
