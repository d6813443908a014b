import { formatCount, formatMb, formatPercent } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Facts, Finding, Rule } from './finding.ts';

/** Memory that is used up to this share may be needed. */
const USED_SHARE = 0.8;
const USED_CPU_PERCENT = 80;

/** Finds jobs that hold more CPUs for each GPU than they use: others cannot use GPUs without CPUs. */
export const GPU_CPUS: Rule = {
  subject: 'cpu',
  kinds: {
    'gpu-cpus': 'more than `gpu-cpus` CPUs for each GPU, less than 80 % busy, on nodes that have more GPUs',
  },
  unless: ['cpu-throttled'],
  judge(facts) {
    const { job, summary, thresholds } = facts;
    const { cpus = 0, gpus = 0 } = job.details ?? {};
    const use = summary.whole.cpuUsage;
    if (gpus === 0 || cpus === 0 || !use || lackOf(facts)) return undefined;
    if (cpus / gpus <= thresholds.gpuCpus || use.mean >= USED_CPU_PERCENT || !leavesGpus(facts))
      return undefined;
    const wanted = Math.max(1, Math.ceil((cpus * use.max) / 100 / gpus));
    if (wanted >= cpus / gpus) return undefined;
    return info(
      'gpu-cpus',
      'cpu',
      `It held ${Math.round(cpus / gpus)} CPUs for each GPU, ${formatPercent(use.mean)} busy on average; others cannot use GPUs without CPUs.`,
      `--cpus-per-gpu=${wanted}`,
    );
  },
};

/** Finds jobs that hold more memory for each GPU than they use. */
export const GPU_MEMORY: Rule = {
  subject: 'memory',
  kinds: {
    'gpu-memory':
      'more than `gpu-memory-gb` of memory for each GPU, less than 80 % used, on nodes that have more GPUs',
  },
  unless: ['memory-unused', 'memory-near-limit', 'memory-killed', 'memory-grows', 'ended-by-memory'],
  judge(facts) {
    const { job, summary, thresholds } = facts;
    const { memoryLimitMb = 0, gpus = 0 } = job.details ?? {};
    const used = summary.whole.memoryUsageMb;
    if (gpus === 0 || memoryLimitMb === 0 || !used || lackOf(facts)) return undefined;
    const perGpuMb = memoryLimitMb / gpus;
    if (perGpuMb <= thresholds.gpuMemoryGb * 1024 || !leavesGpus(facts)) return undefined;
    if (used.max >= USED_SHARE * memoryLimitMb) return undefined;
    return info(
      'gpu-memory',
      'memory',
      `It held ${formatMb(perGpuMb)} for each of its ${formatCount(gpus, 'GPU')} and used ${formatMb(used.max / gpus)}; others cannot use GPUs without memory.`,
      `--mem-per-gpu=${Math.max(1, Math.ceil((1.2 * used.max) / gpus / 1024))}G`,
    );
  },
};

/** Whether its nodes have GPUs that others could use; false also where no agent says what the nodes have. */
const leavesGpus = ({ job, nodeSizes }: Facts): boolean => {
  const sizes = job.nodes.map((node) => nodeSizes?.get(node)?.gpus);
  if (!sizes.every((gpus) => gpus !== undefined)) return false;
  return sizes.reduce((sum, gpus) => sum + gpus, 0) > (job.details?.gpus ?? 0);
};

const info = (kind: string, subject: 'cpu' | 'memory', message: string, action: string): Finding => ({
  kind,
  subject,
  severity: 'info',
  message,
  action,
  evidence: { measure: subject === 'cpu' ? 'cpu_usage' : 'memory_usage_mb' },
});
