import { type Collector, known } from './collector.ts';

/** As many CPUs as the kernel numbers at most. */
const MAX_CPUS = 8192;

/** Counts the CPUs of a list such as `0-3,8`; undefined if it is empty or no list. */
export function countCpus(text: string | undefined): number | undefined {
  let count = 0;
  for (const range of (text ?? '').trim().split(',')) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    const size = Number(last) - Number(first) + 1;
    if (!(size > 0)) return undefined;
    count += size;
  }
  return count <= MAX_CPUS ? count : undefined;
}

/**
 * CPUs that Slurm bound the job to. Slurm writes cpuset.cpus of the job only with ConstrainCores=yes;
 * without, version 2 lets the job's directory take over all CPUs of the node, which says nothing about the
 * job, and version 1 has no directory.
 */
export const CPUSET: Collector = {
  name: 'cpuset',
  read({ unified, controllers }, readFile) {
    const folder = unified ?? controllers.get('cpuset');
    if (folder === undefined) return undefined;
    const given = countCpus(readFile(`${folder}/cpuset.cpus`));
    if (given === undefined) return undefined;
    // Less than given where CPUs were switched off since.
    const effective = ['cpuset.cpus.effective', 'cpuset.effective_cpus'].map((name) =>
      countCpus(readFile(`${folder}/${name}`)),
    );
    return { folder, values: known({ cpus_allocated: effective.find(Boolean) ?? given }) };
  },
};
