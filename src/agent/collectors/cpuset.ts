import type { ReadText } from '../file.ts';
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
    // A host of both versions has the controller in one of them.
    for (const folder of [unified, controllers.get('cpuset')]) {
      const cpus = folder === undefined ? undefined : readCpus(folder, readFile);
      if (cpus !== undefined) return { folder: folder!, values: known({ cpus_allocated: cpus }) };
    }
    return undefined;
  },
};

/** Counts the CPUs of a directory; undefined if Slurm wrote none to it. */
function readCpus(folder: string, readFile: ReadText): number | undefined {
  const given = countCpus(readFile(`${folder}/cpuset.cpus`));
  // Less than given where CPUs were switched off since.
  const effective = ['cpuset.cpus.effective', 'cpuset.effective_cpus'].map((name) =>
    countCpus(readFile(`${folder}/${name}`)),
  );
  return given === undefined ? undefined : (effective.find(Boolean) ?? given);
}
