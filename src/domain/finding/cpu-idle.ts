import { formatCount, formatPercent, formatSeconds } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';

/** Finds CPUs that a run holds and hardly used. The threshold is that of Jobanalyzer for idle jobs. */
export const CPU_IDLE: Rule = {
  subject: 'cpu',
  kinds: {
    'cpu-idle': '`cpu-least` or more CPUs were less than `cpu-idle-percent` busy, and no GPU was at work',
  },
  unless: ['cpu-throttled', 'nodes-unused'],
  judge(facts) {
    const { job, summary, thresholds } = facts;
    const lack = lackOf(facts);
    if (lack) return lack;
    const { cpuUsage, gpuUsage, observedSeconds } = summary.whole;
    if (!cpuUsage) return { unjudged: 'the CPUs were not measured' };
    const cpus = job.details?.cpus;
    // One CPU is enough for a program that uses GPUs: the CPUs are not what the job is for.
    const worksOnGpus = (gpuUsage?.mean ?? 0) >= thresholds.gpuLowPercent;
    if (cpuUsage.mean >= thresholds.cpuIdlePercent || worksOnGpus) return 'fine';
    if (cpus !== undefined && cpus < thresholds.cpuLeast) return 'fine';
    const held = cpus === undefined ? 'Its CPUs' : formatCount(cpus, 'CPU');
    const wanted = cpus === undefined ? undefined : Math.max(1, Math.ceil((cpus * cpuUsage.max) / 100));
    return {
      kind: 'cpu-idle',
      subject: 'cpu',
      severity: 'waste',
      message: `${held} were ${formatPercent(cpuUsage.mean)} busy on average in ${formatSeconds(observedSeconds)}, ${formatPercent(cpuUsage.max)} at most.`,
      ...(wanted !== undefined &&
        wanted < cpus! &&
        job.nodes.length === 1 && { action: `--cpus-per-task=${wanted}` }),
      evidence: { measure: 'cpu_usage' },
    };
  },
};
