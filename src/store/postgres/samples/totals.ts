import { joinMeasures, totalMeasures } from '../../../domain/measure-summary.ts';
import type { SampleColumns } from '../../../domain/readings.ts';
import { addSamples, joinTotals, NO_TOTALS } from '../../../domain/summary.ts';
import { packTotals } from '../../chunk/measure-totals.ts';
import { type NodeTotals, readTotals as readMeasures, type SealedRow } from '../../rows/totals.ts';
import { OWN_RUNS } from '../runs/joined.ts';
import type { Queries, Writing } from '../sql/queries.ts';
import { measureUnsealed, readUnsealed } from './unsealed.ts';

/** Returns a function that adds sealed samples to the totals of their series. */
export function totalsWriter(db: Writing) {
  const larger = (column: string) => `${column} = greatest(sealed_total.${column}, excluded.${column})`;
  const add = (column: string) => `${column} = sealed_total.${column} + excluded.${column}`;
  const upsert = `INSERT INTO sealed_total (usage, samples, cpu_sum, cpu_max, memory_sum, memory_max, gpu_samples, gpu_sum, gpu_max)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (usage) DO UPDATE SET
       ${['samples', 'cpu_sum', 'memory_sum', 'gpu_samples', 'gpu_sum'].map(add)},
       ${['cpu_max', 'memory_max', 'gpu_max'].map(larger)}`;

  async function addMeasures(usage: number, { further }: SampleColumns): Promise<void> {
    const added = totalMeasures(further);
    if (added.length === 0) return;
    const row = await db.get<{ data: Uint8Array }>('SELECT data FROM sealed_measures WHERE usage = $1', [
      usage,
    ]);
    const known = readMeasures(row?.data ?? null);
    // Damaged totals stay, because new ones in their place would be too small and look whole.
    if (known)
      db.send(
        'INSERT INTO sealed_measures (usage, data) VALUES ($1, $2) ON CONFLICT (usage) DO UPDATE SET data = excluded.data',
        [usage, packTotals(joinMeasures(known, added))],
      );
  }

  return async (usage: number, samples: SampleColumns): Promise<void> => {
    if (samples.count === 0) return;
    const { cpuSum, cpuMax, memorySum, memoryMax, gpuSamples, gpuSum, gpuMax } = addSamples(
      NO_TOTALS,
      samples,
    );
    db.send(upsert, [usage, samples.count, cpuSum, cpuMax, memorySum, memoryMax, gpuSamples, gpuSum, gpuMax]);
    await addMeasures(usage, samples);
  };
}

/** Columns of the totals of sealed samples; `usage` and `latest` are joined. */
export const TOTAL_COLUMNS = `oldest AS "oldestMs", newest AS "newestMs",
  coalesce(samples, 0) AS samples, coalesce(cpu_sum, 0) AS "cpuSum", cpu_max AS "cpuMax",
  coalesce(memory_sum, 0) AS "memorySum", memory_max AS "memoryMax",
  coalesce(gpu_samples, 0) AS "gpuSamples", coalesce(gpu_sum, 0) AS "gpuSum", gpu_max AS "gpuMax"`;

/** Reads the totals of the sealed samples of a run, a row for each series that has any samples. */
export const readSealed = (db: Queries, run: number, limit?: number): Promise<SealedRow[]> =>
  db.all(
    `SELECT node, (SELECT name FROM node_name WHERE id = usage.node) AS name, ${TOTAL_COLUMNS}, sealed_measures.data
       FROM usage JOIN latest ON latest.usage = usage.id
       LEFT JOIN sealed_total ON sealed_total.usage = usage.id
       LEFT JOIN sealed_measures ON sealed_measures.usage = usage.id
      WHERE job IN ${OWN_RUNS} ${limit === undefined ? '' : `LIMIT ${limit}`}`,
    [run],
  );

/** Reads the totals of all samples there ever were, for each node of a run that has reported, in no order. */
export async function readTotals(db: Queries, run: number): Promise<NodeTotals[]> {
  const unsealed = await readUnsealed(db, run);
  const measured = await measureUnsealed(db, run);
  const byNode = new Map<number, NodeTotals>();
  for (const { node, name, data, ...sealed } of await readSealed(db, run)) {
    const known = byNode.get(node);
    const measures = joinMeasures(known?.measures ?? measured.get(node) ?? [], readMeasures(data) ?? []);
    byNode.set(node, { ...(known ? joinTotals(known, sealed) : sealed), node: name, measures });
  }
  for (const [node, samples] of unsealed) {
    const { node: name, measures, ...known } = byNode.get(node)!;
    byNode.set(node, { ...addSamples(known, samples), node: name, measures });
  }
  return [...byNode.values()];
}
