import type { GpuCount } from '../../domain/nodes/scheduler-node.ts';
import { readCount } from './count.ts';

/**
 * Reads the GPUs of a node's generic resources by type: `gpu:a100:2(S:0-1),gpu:2,shard:8`, with those in use
 * in the same form (`gpu:a100:1(IDX:0,2)`). Other resources, and what cannot be read, are left out.
 */
export function readGpus(text: string, usedText: string): GpuCount[] {
  const used = countGpus(usedText);
  return [...countGpus(text)].map(([type, total]) => ({
    ...(type !== '' && { model: type }),
    total,
    ...(used.has(type) && { allocated: used.get(type)! }),
  }));
}

/** GPUs by type; '' for those without one. */
function countGpus(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  // Sockets and indexes have commas, too; `(null)` stands for nothing, and for no type.
  for (const one of text.replace(/\([^)]*\)/g, '').split(',')) {
    const [name, ...rest] = one.split(':');
    const count = readCount(rest.pop());
    const type = rest.join(':');
    if (name === 'gpu' && count !== undefined) counts.set(type, (counts.get(type) ?? 0) + count);
  }
  return counts;
}
