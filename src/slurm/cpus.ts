import { MAX_NODES } from '../domain/job.ts';

const GROUP = /^([1-9]\d{0,8})(?:\(x([1-9]\d{0,8})\))?$/;

/**
 * The CPUs of each node of a job, in the order of its nodes, from `SLURM_JOB_CPUS_PER_NODE`: `4(x2),2` is 4, 4, 2.
 * Undefined for a text that is none, or stands for more nodes than a job may have.
 */
export function expandCpus(text: string): number[] | undefined {
  const cpus: number[] = [];
  for (const group of text.split(',')) {
    const [, count, times = '1'] = GROUP.exec(group) ?? [];
    if (count === undefined || cpus.length + Number(times) > MAX_NODES) return undefined;
    for (let n = 0; n < Number(times); n++) cpus.push(Number(count));
  }
  return cpus;
}
