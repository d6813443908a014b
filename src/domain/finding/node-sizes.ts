import type { Job } from '../job.ts';
import type { LiveStore } from '../store/live.ts';
import type { NodeSize } from './finding.ts';

/** Rules that compare a job with the size of its nodes are silent about larger jobs. */
export const MAX_SIZED_NODES = 64;

/** Reads what there is on the nodes of a job; those without an agent are missing. */
export async function readNodeSizes(
  { nodeReport }: Pick<LiveStore, 'nodeReport'>,
  { nodes }: Pick<Job, 'nodes'>,
): Promise<ReadonlyMap<string, NodeSize>> {
  const sizes = new Map<string, NodeSize>();
  if (nodes.length > MAX_SIZED_NODES) return sizes;
  for (const node of nodes) {
    const report = (await nodeReport(node))?.report;
    if (!report) continue;
    const { cpus } = report.values;
    sizes.set(node, { gpus: report.gpus.length, ...(cpus !== undefined && { cpus }) });
  }
  return sizes;
}
