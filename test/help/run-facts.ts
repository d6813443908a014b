import type { Facts } from '../../src/domain/finding/finding.ts';
import { DEFAULT_THRESHOLDS } from '../../src/domain/finding/thresholds.ts';
import type { Job } from '../../src/domain/job.ts';
import type { NodeSummary } from '../../src/domain/store/samples.ts';
import type { UsageSummary } from '../../src/domain/summary.ts';

/** In MB. */
export const GB = 1024;
/** The same use of everything all the time for an hour, in percent and MB. */
export const usage = (cpu: number, memoryMb: number, gpu?: number): UsageSummary => ({
  samples: 240,
  observedSeconds: 3600,
  cpuUsage: { mean: cpu, max: cpu },
  memoryUsageMb: { mean: memoryMb, max: memoryMb },
  ...(gpu !== undefined && { gpuUsage: { mean: gpu, max: gpu } }),
});

/** What is different about a run. */
export interface Given
  extends Partial<
    Pick<
      Facts,
      'nodeSizes' | 'memoryCourse' | 'gpuCourse' | 'failedBeside' | 'lostBeside' | 'canceller' | 'sizing'
    >
  > {
  readonly job?: Partial<Job>;
  readonly whole?: UsageSummary;
  readonly nodes?: Readonly<Record<string, Omit<NodeSummary, 'node'>>>;
}

/** Returns a completed job on one node that used all that it had, but for what is given. */
export function factsOf({
  job,
  whole = usage(95, 90 * GB, 80),
  nodes = { n1: whole },
  ...beside
}: Given): Facts {
  const details = {
    cpus: 32,
    memoryLimitMb: 100 * GB,
    timeLimitSeconds: 4500,
    rawState: 'COMPLETED',
    ...job?.details,
  };
  return {
    job: {
      id: '1',
      user: 'alice',
      nodes: Object.keys(nodes),
      state: 'completed',
      startTimeMs: 0,
      endTimeMs: 3_600_000,
      cpuUsage: 0,
      memoryUsageMb: 0,
      ...job,
      details,
    },
    summary: { whole, nodes: Object.entries(nodes).map(([node, one]) => ({ node, ...one })) },
    nowMs: 4_000_000,
    thresholds: DEFAULT_THRESHOLDS,
    ...beside,
  };
}
