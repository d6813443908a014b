import type { Database } from 'bun:sqlite';
import { addSample, NO_TOTALS, type UsageTotals } from '../../domain/summary.ts';
import type { ChunkSample } from './chunk.ts';
import { tailReader } from './tail.ts';

/** Adds samples that are sealed to the totals of their job and node. */
export function totalsWriter(db: Database) {
  // A largest value that nobody has measured is null.
  const larger = (column: string) =>
    `${column} = ifnull(max(${column}, excluded.${column}), ifnull(${column}, excluded.${column}))`;
  const add = (column: string) => `${column} = ${column} + excluded.${column}`;
  const upsert = db.query(
    `INSERT INTO sealed_total (usage, samples, cpu_sum, cpu_max, memory_sum, memory_max, gpu_samples, gpu_sum, gpu_max)
       VALUES ((SELECT id FROM usage WHERE job = ? AND node = ?), ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         ${['samples', 'cpu_sum', 'memory_sum', 'gpu_samples', 'gpu_sum'].map(add)},
         ${['cpu_max', 'memory_max', 'gpu_max'].map(larger)}`,
  );
  return (job: number, node: number, samples: readonly ChunkSample[]): void => {
    if (samples.length === 0) return;
    const { cpuSum, cpuMax, memorySum, memoryMax, gpuSamples, gpuSum, gpuMax } = totalsOf(samples);
    upsert.run(job, node, samples.length, cpuSum, cpuMax, memorySum, memoryMax, gpuSamples, gpuSum, gpuMax);
  };
}

/** Reads the totals of every node of a job that has reported, in no order: of all samples there ever were. */
export function totalsReader(db: Database) {
  const readTail = tailReader(db);
  const select = db.query<UsageTotals & { node: number; name: string }, [number]>(
    `SELECT node, (SELECT name FROM node WHERE id = usage.node) AS name, oldest AS oldestMs, newest AS newestMs,
            ifnull(samples, 0) AS samples, ifnull(cpu_sum, 0) AS cpuSum, cpu_max AS cpuMax,
            ifnull(memory_sum, 0) AS memorySum, memory_max AS memoryMax,
            ifnull(gpu_samples, 0) AS gpuSamples, ifnull(gpu_sum, 0) AS gpuSum, gpu_max AS gpuMax
       FROM usage LEFT JOIN sealed_total ON sealed_total.usage = usage.id WHERE job = ?`,
  );
  return (job: number): (UsageTotals & { node: string })[] =>
    select.all(job).map(({ node, name, ...sealed }) => ({
      ...totalsOf(readTail(job, node), sealed),
      node: name,
    }));
}

/** The totals of samples, added to others. */
const totalsOf = (samples: readonly ChunkSample[], others = NO_TOTALS): UsageTotals =>
  samples.reduce(
    (totals, { gpuUsage, ...rest }) => addSample(totals, { ...rest, ...(gpuUsage !== null && { gpuUsage }) }),
    others,
  );
