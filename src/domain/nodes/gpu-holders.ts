import type { NodeJob } from './node-job.ts';

/**
 * Returns a function that finds the jobs which hold a GPU of a node, by its UUID and its place among the GPUs
 * of the node: those that measured it, and those to which the scheduler gave it by UUID or by index.
 */
export function holderFinder(jobs: readonly NodeJob[]): (gpu: string, index: number) => string[] {
  return (gpu, index) =>
    jobs
      .filter(
        ({ measuredGpus, gpuIds = [] }) =>
          // What the agent found is the truth: indexes of the scheduler and of the driver may differ.
          measuredGpus?.includes(gpu) ?? (gpuIds.includes(gpu) || gpuIds.includes(String(index))),
      )
      .map(({ jobId }) => jobId);
}
