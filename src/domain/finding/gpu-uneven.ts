import { formatPercent } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';

/** Finds runs whose GPUs work unevenly: the busiest ones wait for the others, or do their work. */
export const GPU_UNEVEN: Rule = {
  subject: 'gpu',
  kinds: {
    'gpu-uneven': 'a GPU was `gpu-uneven-percent` less busy than the busiest',
  },
  unless: ['gpu-unused', 'gpu-low'],
  judge(facts) {
    const { summary, thresholds } = facts;
    const read = summary.nodes.flatMap(({ node, gpus = [] }) =>
      gpus.flatMap(({ gpu, utilizationPercent }) =>
        utilizationPercent ? [{ node, gpu, mean: utilizationPercent.mean }] : [],
      ),
    );
    if (read.length < 2 || lackOf(facts)) return undefined;
    const most = read.reduce((max, { mean }) => Math.max(max, mean), 0);
    const behind = read.filter(({ mean }) => most - mean > thresholds.gpuUnevenPercent);
    if (behind.length === 0) return 'fine';
    const least = behind.reduce((min, { mean }) => Math.min(min, mean), 100);
    return {
      kind: 'gpu-uneven',
      subject: 'gpu',
      severity: 'info',
      message: `Of its ${read.length} GPUs the busiest was ${formatPercent(most)} busy on average, the idlest ${formatPercent(least)}.`,
      action: 'Share the work evenly, or ask for fewer GPUs.',
      nodes: [...new Set(behind.map(({ node }) => node))],
      evidence: { measure: 'gpu_utilization_percent', gpus: behind.map(({ gpu }) => gpu) },
    };
  },
};
