import { readCount } from './count.ts';
import { readMemoryMb } from './memory.ts';

/** Trackable resources (TRES) of a job, summed over its nodes. Memory in MB (2^20 bytes). */
interface Tres {
  readonly cpus?: number;
  readonly memoryMb?: number;
  readonly nodes?: number;
  readonly gpus?: number;
  /** What Slurm measured, of whole nodes. */
  readonly energyJoules?: number;
}

const FIELDS: ReadonlyMap<string, keyof Tres> = new Map([
  ['cpu', 'cpus'],
  ['mem', 'memoryMb'],
  ['node', 'nodes'],
  ['gres/gpu', 'gpus'],
  ['energy', 'energyJoules'],
]);

/**
 * Reads `billing=1,cpu=3,mem=150M,node=3,gres/gpu=2,gres/gpu:a100=2`. The GPUs are `gres/gpu`, or the sum of
 * the types at a site that tracks only these (`gres/gpu:a100=1,gres/gpu:h100=1`). `gres/gpumem` and
 * `gres/gpuutil` do not count GPUs. A resource that is not named or cannot be read is absent.
 */
export function readTres(text: string | undefined): Tres {
  const found: { -readonly [Key in keyof Tres]: number } = {};
  if (!text) return found;
  let typed: number | undefined;
  for (const entry of text.split(',')) {
    const equals = entry.indexOf('=');
    const name = entry.slice(0, equals);
    const value = entry.slice(equals + 1);
    const amount = name === 'mem' ? readMemoryMb(value) : readCount(value);
    if (amount === undefined) continue;
    const field = FIELDS.get(name);
    if (field !== undefined) found[field] = amount;
    else if (name.startsWith('gres/gpu:')) typed = (typed ?? 0) + amount;
  }
  if (typed !== undefined) found.gpus ??= typed;
  return found;
}
