import { MAX_NODES } from '../../domain/job.ts';

const GROUP = /^([1-9]\d{0,8})(?:\(x([1-9]\d{0,8})\))?$/;

/** So many nodes, one after the other in the list, with so many CPUs each. */
export interface CpuRun {
  readonly cpus: number;
  readonly nodes: number;
}

/**
 * Reads `SLURM_JOB_CPUS_PER_NODE`: `4(x2),2` is two nodes with 4 CPUs and one with 2. Empty for a text that is none, or
 * stands for more nodes than a job may have.
 */
export function readCpus(text: string): CpuRun[] {
  const runs: CpuRun[] = [];
  let total = 0;
  for (const group of text.split(',')) {
    const [, cpus, nodes = '1'] = GROUP.exec(group) ?? [];
    total += Number(nodes);
    if (cpus === undefined || total > MAX_NODES) return [];
    runs.push({ cpus: Number(cpus), nodes: Number(nodes) });
  }
  return runs;
}

/** The CPUs of the node at a position of the list; undefined where the list does not reach. */
export function cpusOfNode(runs: readonly CpuRun[], position: number): number | undefined {
  if (position < 0) return undefined;
  let passed = 0;
  for (const { cpus, nodes } of runs) {
    passed += nodes;
    if (position < passed) return cpus;
  }
  return undefined;
}
