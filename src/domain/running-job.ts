import type { FindingKind } from './finding/severity.ts';

/**
 * What an overview of a cluster needs of a running job: much less than a `Job`, so that 20,000 are read in a
 * tenth of a second.
 */
export interface RunningJob {
  readonly id: string;
  readonly user: string;
  readonly name?: string;
  readonly account?: string;
  readonly partition?: string;
  readonly cpus?: number;
  readonly memoryLimitMb?: number;
  readonly gpus?: number;
  /** How many it has. */
  readonly nodes: number;
  readonly timeLimitSeconds?: number;
  readonly startTimeMs: number;
  readonly suspendedSeconds: number;
  /** 0 to 100, as in `Sample`; 0 until it is measured. */
  readonly cpuUsage: number;
  /** MB of 2^20 bytes, all nodes together; 0 until it is measured. */
  readonly memoryUsageMb: number;
  /** 0 to 100, as in `Sample`; absent until it is measured. */
  readonly gpuUsage?: number;
  /** When the newest known usage was measured; absent until the job is measured. */
  readonly usageTimeMs?: number;
  /** What rules find of it, the worst first, as it is kept for lists; absent if that is nothing. */
  readonly findings?: readonly FindingKind[];
}
