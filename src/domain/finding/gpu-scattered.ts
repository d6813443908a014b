import { formatCount } from '../figures.ts';
import type { Rule } from './finding.ts';

/** Finds GPUs on more nodes than they need: they talk over the network, and block whole nodes for others. */
export const GPU_SCATTERED: Rule = {
  subject: 'gpu',
  kinds: {
    'gpu-scattered': 'its GPUs would fit on fewer nodes, by what agents report of these',
  },
  unless: ['gpu-unused', 'nodes-unused'],
  judge({ job, nodeSizes }) {
    const gpus = job.details?.gpus ?? 0;
    const nodes = job.nodes.length;
    if (gpus === 0 || nodes < 2 || !nodeSizes) return undefined;
    const perNode = job.nodes.map((node) => nodeSizes.get(node)?.gpus ?? 0);
    const least = perNode.reduce((min, count) => Math.min(min, count), Number.POSITIVE_INFINITY);
    // Unknown, or no GPUs there.
    if (least === 0) return undefined;
    const enough = Math.ceil(gpus / least);
    if (enough >= nodes) return undefined;
    return {
      kind: 'gpu-scattered',
      subject: 'gpu',
      severity: 'waste',
      message: `Its ${formatCount(gpus, 'GPU')} are on ${nodes} nodes, and would fit on ${enough}: each has ${least}.`,
      action: `--nodes=${enough} --gpus-per-node=${Math.ceil(gpus / enough)}`,
    };
  },
};
