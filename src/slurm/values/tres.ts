import { readCount } from './count.ts';
import { readMemoryMb } from './memory.ts';

/** What a job has of the resources that Slurm tracks, all nodes together. */
export interface Tres {
  readonly cpus?: number;
  readonly memoryMb?: number;
  readonly nodes?: number;
  readonly gpus?: number;
}

const FIELDS: ReadonlyMap<string, keyof Tres> = new Map([
  ['cpu', 'cpus'],
  ['mem', 'memoryMb'],
  ['node', 'nodes'],
  ['gres/gpu', 'gpus'],
]);

/**
 * Reads `billing=1,cpu=3,mem=150M,node=3,gres/gpu=2,gres/gpu:a100=2`. Of the GPUs the total counts; where a site
 * tracks types only (`gres/gpu:a100=1,gres/gpu:h100=1`) their sum. `gres/gpumem` and `gres/gpuutil` are no GPUs. What is
 * not named, or cannot be read, is absent.
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
