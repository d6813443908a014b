import type { NodeNow } from './node-now.ts';
import type { GpuCount } from './scheduler-node.ts';

/** GPUs by what a job can do with them: `total` is `allocated`, `free` and `blocked` together. */
interface GpuSums {
  readonly total: number;
  readonly allocated: number;
  /** Can be given to a job now. */
  readonly free: number;
  /** Given to nobody, but their node is drained or down, or has no free CPU or memory. */
  readonly blocked: number;
}

/** GPUs of one model. */
export interface FreeGpus extends GpuSums {
  /** `GPU` where nobody knows the model; a node of several whose jobs cannot be told apart has all. */
  readonly model: string;
  /** A node of several partitions counts in each; in the order of their names. */
  readonly partitions: readonly (GpuSums & { readonly partition: string })[];
}

/** A job that uses a GPU needs this much memory beside it. */
const LEAST_MEMORY_MB = 1024;

/** Counts the GPUs of all nodes by model; models with most GPUs come first. */
export function freeGpus(nodes: readonly NodeNow[]): FreeGpus[] {
  const models = new Map<string, { sums: GpuSums; partitions: Map<string, GpuSums> }>();
  for (const node of nodes) {
    for (const { model = 'GPU', ...count } of countsOf(node)) {
      const known = models.get(model) ?? { sums: NONE, partitions: new Map<string, GpuSums>() };
      const sums = sumsOf(node, count);
      known.sums = add(known.sums, sums);
      for (const partition of node.scheduler?.partitions ?? [])
        known.partitions.set(partition, add(known.partitions.get(partition) ?? NONE, sums));
      models.set(model, known);
    }
  }
  return [...models]
    .map(([model, { sums, partitions }]) => ({
      model,
      ...sums,
      partitions: [...partitions]
        .map(([partition, of]) => ({ partition, ...of }))
        .sort((one, other) => (one.partition < other.partition ? -1 : 1)),
    }))
    .sort((one, other) => other.total - one.total || (one.model < other.model ? -1 : 1));
}

/** The GPUs of a node by model; as one model if it is unknown which of them are given. */
function countsOf({ gpuModels, gpus }: NodeNow): readonly GpuCount[] {
  if (gpuModels.length < 2 || gpuModels.every(({ allocated }) => allocated !== undefined)) return gpuModels;
  const model = gpuModels.map(({ model: name = 'GPU' }) => name).join(' + ');
  return [{ model, total: gpus.total ?? 0 }];
}

function sumsOf(node: NodeNow, count: GpuCount): GpuSums {
  const allocated = Math.min(count.total, Math.ceil(count.allocated ?? node.gpus.allocated ?? 0));
  const rest = count.total - allocated;
  return isBlocked(node)
    ? { total: count.total, allocated, free: 0, blocked: rest }
    : { total: count.total, allocated, free: rest, blocked: 0 };
}

/** Whether no job can start on a node, whatever GPUs it has left. */
function isBlocked({ scheduler, cpus, memoryMb }: NodeNow): boolean {
  if (scheduler && scheduler.condition !== 'up') return true;
  return isShort(cpus, 1) || isShort(memoryMb, LEAST_MEMORY_MB);
}

const isShort = ({ total, allocated }: NodeNow['cpus'], least: number): boolean =>
  total !== undefined && allocated !== undefined && total - allocated < least;

const NONE: GpuSums = { total: 0, allocated: 0, free: 0, blocked: 0 };

const add = (one: GpuSums, other: GpuSums): GpuSums => ({
  total: one.total + other.total,
  allocated: one.allocated + other.allocated,
  free: one.free + other.free,
  blocked: one.blocked + other.blocked,
});
