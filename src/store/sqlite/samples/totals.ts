import type { Database } from 'bun:sqlite';
import { joinMeasures } from '../../../domain/measure-summary.ts';
import type { SampleColumns } from '../../../domain/readings.ts';
import { addSamples, joinTotals, NO_TOTALS } from '../../../domain/summary.ts';
import { type NodeTotals, readTotals as readMeasures, type SealedRow } from '../../rows/totals.ts';
import { OWN_RUNS } from '../runs/joined.ts';
import { measureTotalsWriter } from './measure-totals.ts';
import { unsealedReader } from './unsealed.ts';

/** Adds sealed samples to the totals of their series. */
export function totalsWriter(db: Database) {
  const addMeasures = measureTotalsWriter(db);
  // A maximum is null until something was measured.
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
  return (job: number, node: number, samples: SampleColumns): void => {
    if (samples.count === 0) return;
    const { cpuSum, cpuMax, memorySum, memoryMax, gpuSamples, gpuSum, gpuMax } = addSamples(
      NO_TOTALS,
      samples,
    );
    upsert.run(job, node, samples.count, cpuSum, cpuMax, memorySum, memoryMax, gpuSamples, gpuSum, gpuMax);
    addMeasures(job, node, samples);
  };
}

/** The totals of the sealed samples of the run `?1`, a row for each series that has any samples. */
export const SELECT_SEALED = `
  SELECT node, (SELECT name FROM node WHERE id = usage.node) AS name, oldest AS oldestMs, newest AS newestMs,
         ifnull(samples, 0) AS samples, ifnull(cpu_sum, 0) AS cpuSum, cpu_max AS cpuMax,
         ifnull(memory_sum, 0) AS memorySum, memory_max AS memoryMax,
         ifnull(gpu_samples, 0) AS gpuSamples, ifnull(gpu_sum, 0) AS gpuSum, gpu_max AS gpuMax,
         sealed_measures.data
    FROM usage JOIN latest ON latest.usage = usage.id
         LEFT JOIN sealed_total ON sealed_total.usage = usage.id
         LEFT JOIN sealed_measures ON sealed_measures.usage = usage.id WHERE job IN ${OWN_RUNS}`;

/**
 * Reads the totals of all samples there ever were, for each node of a run that has reported, in no order.
 * Yields where it may pause.
 */
export function totalsReader(db: Database) {
  const log = unsealedReader(db);
  const select = db.query<SealedRow, [number]>(SELECT_SEALED);
  return function* readTotals(job: number): Generator<undefined, NodeTotals[]> {
    const unsealed = yield* log.readJob(job);
    const measured = yield* log.measureJob(job);
    const byNode = new Map<number, NodeTotals>();
    let rows = 0;
    for (const { node, name, data, ...sealed } of select.iterate(job)) {
      const known = byNode.get(node);
      const measures = joinMeasures(known?.measures ?? measured.get(node) ?? [], readMeasures(data) ?? []);
      byNode.set(node, { ...(known ? joinTotals(known, sealed) : sealed), node: name, measures });
      if (++rows % NODES_AT_ONCE === 0) yield;
    }
    for (const [node, samples] of unsealed) {
      const { node: name, measures, ...known } = byNode.get(node)!;
      byNode.set(node, { ...addSamples(known, samples), node: name, measures });
      yield;
    }
    return [...byNode.values()];
  };
}

/** Nodes between two pauses. */
const NODES_AT_ONCE = 100;
