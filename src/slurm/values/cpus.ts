import { MAX_NODES } from '../../domain/job.ts';

const GROUP = /^([1-9]\d{0,8})(?:\(x([1-9]\d{0,8})\))?$/;

/** Consecutive nodes of a job's node list with the same number of CPUs each. */
interface CpuGroup {
  readonly cpus: number;
  readonly nodes: number;
}

/**
 * Reads `SLURM_JOB_CPUS_PER_NODE`: `4(x2),2` is two nodes with 4 CPUs and one with 2. Empty for text in any
 * other format, and for more than MAX_NODES nodes.
 */
export function readCpuGroups(text: string): CpuGroup[] {
  const groups: CpuGroup[] = [];
  let total = 0;
  for (const group of text.split(',')) {
    const [, cpus, nodes = '1'] = GROUP.exec(group) ?? [];
    total += Number(nodes);
    if (cpus === undefined || total > MAX_NODES) return [];
    groups.push({ cpus: Number(cpus), nodes: Number(nodes) });
  }
  return groups;
}

/** Returns the CPUs of the node at `position` of the node list, from 0; undefined beyond the list. */
export function cpusOfNode(groups: readonly CpuGroup[], position: number): number | undefined {
  if (position < 0) return undefined;
  let passed = 0;
  for (const { cpus, nodes } of groups) {
    passed += nodes;
    if (position < passed) return cpus;
  }
  return undefined;
}
