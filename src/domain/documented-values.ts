// How the three documented values of a sample follow from what is measured, by the agent and by others.

const MB = 2 ** 20;

/** Returns the CPUs that were busy as percent of those that the job was given, at most 100. */
export const cpuUsageOf = (cpusUsed: number, cpusAllocated: number): number =>
  roundPercent(Math.min(100, (100 * cpusUsed) / cpusAllocated));

/** Returns what only the job can give back, without the cache of files, in MB of 2^20 bytes. */
export const memoryUsageMbOf = (anonymousBytes: number, sharedBytes = 0): number =>
  Math.ceil((anonymousBytes + sharedBytes) / MB);

/** Returns the mean utilization of the GPUs that were read; empty if none was. */
export function gpuUsageOf(utilizations: readonly number[]): { readonly gpuUsage?: number } {
  if (utilizations.length === 0) return {};
  const sum = utilizations.reduce((total, one) => total + one, 0);
  return { gpuUsage: roundPercent(sum / utilizations.length) };
}

/** A hundredth of a percent is finer than any of them is measured, and packs well. */
const roundPercent = (percent: number): number => Math.round(percent * 100) / 100;
