import { formatCount, formatPercent, formatSeconds } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';

const IDLE_PERCENT = 10;
/** One CPU of a few is enough for a program that uses GPUs, or waits for something. */
const LEAST_CPUS = 4;
/** From here on the CPUs are not what the job is for. */
const GPU_AT_WORK_PERCENT = 15;

/** Finds CPUs that a run holds and hardly used. The threshold is that of Jobanalyzer for idle jobs. */
export const CPU_IDLE: Rule = {
  subject: 'cpu',
  judge({ job, summary: { whole } }) {
    const lack = lackOf(whole);
    if (lack) return lack;
    const { cpuUsage, gpuUsage } = whole;
    if (!cpuUsage) return { unjudged: 'the CPUs were not measured' };
    const cpus = job.details?.cpus;
    if (cpuUsage.mean >= IDLE_PERCENT || (gpuUsage?.mean ?? 0) >= GPU_AT_WORK_PERCENT) return 'fine';
    if (cpus !== undefined && cpus < LEAST_CPUS) return 'fine';
    const held = cpus === undefined ? 'Its CPUs' : formatCount(cpus, 'CPU');
    const wanted = cpus === undefined ? undefined : Math.max(1, Math.ceil((cpus * cpuUsage.max) / 100));
    return {
      kind: 'cpu-idle',
      subject: 'cpu',
      severity: 'waste',
      message: `${held} were ${formatPercent(cpuUsage.mean)} busy on average in ${formatSeconds(whole.observedSeconds)}, ${formatPercent(cpuUsage.max)} at most.`,
      ...(wanted !== undefined &&
        wanted < cpus! &&
        job.nodes.length === 1 && { action: `--cpus-per-task=${wanted}` }),
    };
  },
};
