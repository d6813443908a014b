import type { Database } from 'bun:sqlite';
import type { Usage } from '../../domain/sample.ts';
import type { UsageTotals } from '../../domain/summary.ts';

/** What a new sample has to know of its job and node. */
export interface UsageRow extends Usage {
  readonly job: number;
  readonly node: number;
  /** Heads the chain of samples; 0 when there is none. */
  readonly lastSample: number;
  /** The least time of all samples there ever were; null when there was none. */
  readonly oldestMs: number | null;
  /** The greatest. */
  readonly newestMs: number | null;
  /** Rows of the log up to this one are in chunks. */
  readonly sealed: number;
}

/** The columns of a UsageRow. */
export const USAGE_COLUMNS = `usage.job, usage.node, usage.time AS timeMs, usage.cpu AS cpuUsage,
  usage.memory AS memoryUsageMb, usage.gpu AS gpuUsage, usage.last_sample AS lastSample, usage.oldest AS oldestMs,
  usage.newest AS newestMs,  usage.sealed`;

/** Saves what is known of a job on a node after samples came; `added` are the totals of those samples alone. */
export function usageWriter(db: Database) {
  // The sums are added by SQL: reading them first would cost as much as the sample itself.
  const changes = `time = ?3, cpu = ?4, memory = ?5, gpu = ?6, last_sample = ?7,
    samples = samples + ?8, total_samples = total_samples + ?8,
    oldest = min(ifnull(oldest, ?9), ?9), newest = max(ifnull(newest, ?10), ?10),
    cpu_sum = cpu_sum + ?11, cpu_max = max(ifnull(cpu_max, ?12), ?12),
    memory_sum = memory_sum + ?13, memory_max = max(ifnull(memory_max, ?14), ?14),
    gpu_samples = gpu_samples + ?15, gpu_sum = gpu_sum + ?16,
    gpu_max = ifnull(max(gpu_max, ?17), ifnull(gpu_max, ?17))`;
  const insert = db.query(
    `INSERT INTO usage (job, node, time, cpu, memory, gpu, last_sample, samples, total_samples, oldest, newest,
                        cpu_sum, cpu_max, memory_sum, memory_max, gpu_samples, gpu_sum, gpu_max)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)`,
  );
  const update = db.query(`UPDATE usage SET ${changes} WHERE job = ?1 AND node = ?2`);

  return {
    save(target: UsageTarget, usage: Usage, lastSample: number, added: UsageTotals): void {
      (target.isNew ? insert : update).run(
        target.job,
        target.node,
        usage.timeMs,
        usage.cpuUsage,
        usage.memoryUsageMb,
        usage.gpuUsage,
        lastSample,
        added.samples,
        added.oldestMs,
        added.newestMs,
        added.cpuSum,
        added.cpuMax,
        added.memorySum,
        added.memoryMax,
        added.gpuSamples,
        added.gpuSum,
        added.gpuMax,
      );
    },
  };
}

interface UsageTarget {
  readonly job: number;
  readonly node: number;
  /** There is no row of it yet. */
  readonly isNew: boolean;
}
