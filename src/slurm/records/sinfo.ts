import { readCount } from '../values/count.ts';

/** Arguments of sinfo that print each node and its CPUs, once for each of its partitions. */
export const SINFO_CPUS = ['-a', '-h', '-N', '-o', '%N|%c'] as const;

/** Reads the output of `sinfo` with `SINFO_CPUS`; lines that cannot be read are left out. */
export function readNodeCpus(text: string): Map<string, number> {
  const cpus = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [node = '', count] = line.trim().split('|');
    const known = readCount(count);
    if (node !== '' && known) cpus.set(node, known);
  }
  return cpus;
}
