import { formatMb, formatPercent } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';

const GIB = 1024 ** 3;

/** Finds jobs for which a part of a GPU (MIG) or an older one would do, on the conditions of jobstats. */
export const GPU_SMALL: Rule = {
  subject: 'gpu',
  kinds: {
    'gpu-small':
      'one GPU and one CPU, used below `gpu-low-percent`, with less memory than `gpu-small-memory-gb` and `gpu-small-host-memory-gb`',
  },
  unless: ['gpu-unused', 'gpu-paused'],
  judge(facts) {
    const { job, summary, thresholds } = facts;
    const { gpus, cpus } = job.details ?? {};
    const { gpuUsage, memoryUsageMb } = summary.whole;
    const gpuBytes = summary.nodes[0]?.gpus?.[0]?.memoryUsedBytes?.max;
    if (gpus !== 1 || cpus !== 1 || !gpuUsage || !memoryUsageMb || gpuBytes === undefined) return undefined;
    if (lackOf(facts) || gpuUsage.mean >= thresholds.gpuLowPercent) return undefined;
    if (gpuBytes >= thresholds.gpuSmallMemoryGb * GIB) return undefined;
    if (memoryUsageMb.max >= thresholds.gpuSmallHostMemoryGb * 1024) return undefined;
    return {
      kind: 'gpu-small',
      subject: 'gpu',
      severity: 'waste',
      message: `It used ${formatPercent(gpuUsage.mean)} of a whole GPU and ${formatMb(gpuBytes / 1024 ** 2)} of its memory.`,
      action: 'Ask for a part of a GPU (MIG), if the site has them, or for a smaller model.',
      evidence: { measure: 'gpu_usage' },
    };
  },
};
