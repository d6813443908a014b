import type { Database } from 'bun:sqlite';
import { applySample, type NewSample } from '../../../domain/sample.ts';
import { MAX_ROW_SAMPLES } from '../../chunk/log-row.ts';
import { bulkInserter, type Value } from '../sql/insert.ts';
import type { LogWriter } from './log.ts';
import type { Target } from './series-cache.ts';

const COLUMNS = ['time', 'cpu', 'memory', 'gpu', 'newest'];

/** Appends samples to the log, and saves what is known now of their jobs and nodes. */
export function arrivalWriter(db: Database, log: LogWriter) {
  // What came into the log under this id before, of a job that is gone, is out of reach.
  const insertUsage = db.query('INSERT INTO usage (job, node, sealed, oldest) VALUES (?, ?, ?, ?)');
  const saveOldest = db.query('UPDATE usage SET oldest = ? WHERE id = ?');
  const saveLatest = bulkInserter(
    db,
    `INSERT INTO latest (usage, ${COLUMNS})`,
    COLUMNS.length + 1,
    `ON CONFLICT (usage) DO UPDATE SET ${COLUMNS.map((column) => `${column} = excluded.${column}`)}`,
  );
  // The samples of the next row, one column each: an object or an array a sample costs as much as the sample.
  const times = new Float64Array(MAX_ROW_SAMPLES);
  const cpu = new Float64Array(MAX_ROW_SAMPLES);
  const memory = new Float64Array(MAX_ROW_SAMPLES);
  const gpu = new Float64Array(MAX_ROW_SAMPLES);
  let targets: Target[] = [];
  let hasGpu = false;
  let changed: Target[] = [];

  /** The series of a target; one that has not reported before gets its row. */
  function seriesOf(target: Target): number {
    if (target.id !== undefined) return target.id;
    const { job, node, oldestMs } = target;
    target.id = Number(insertUsage.run(job, node, log.lastSeq(), oldestMs).lastInsertRowid);
    target.isOldestSaved = true;
    return target.id;
  }

  function writeRow(): void {
    const count = targets.length;
    if (count === 0) return;
    const series = Int32Array.from(targets, seriesOf);
    log.append(series, {
      times: times.subarray(0, count),
      cpu: cpu.subarray(0, count),
      memory: memory.subarray(0, count),
      gpu: hasGpu ? gpu.subarray(0, count) : undefined,
    });
    targets = [];
    hasGpu = false;
  }

  function saveChanged(): void {
    const values: Value[] = [];
    for (const target of changed) {
      const { timeMs, cpuUsage, memoryUsageMb, gpuUsage } = target.usage!;
      values.push(target.id!, timeMs, cpuUsage, memoryUsageMb, gpuUsage, target.newestMs);
      target.isSaved = true;
      if (!target.isOldestSaved) saveOldest.run(target.oldestMs, target.id!);
      target.isOldestSaved = true;
    }
    saveLatest(values);
    changed = [];
  }

  return {
    /** Appends a sample, and applies it to its target. */
    append(target: Target, sample: NewSample): void {
      const { timeMs, cpuUsage, memoryUsageMb, gpuUsage } = sample;
      const place = targets.length;
      times[place] = timeMs;
      cpu[place] = cpuUsage;
      memory[place] = memoryUsageMb;
      gpu[place] = gpuUsage ?? Number.NaN;
      if (gpuUsage !== undefined) hasGpu = true;
      targets.push(target);
      target.usage = applySample(target.usage, sample);
      if (target.oldestMs === null || timeMs < target.oldestMs) {
        target.oldestMs = timeMs;
        target.isOldestSaved = false;
      }
      if (target.newestMs === null || timeMs > target.newestMs) target.newestMs = timeMs;
      if (target.isSaved) changed.push(target);
      target.isSaved = false;
      if (targets.length === MAX_ROW_SAMPLES) writeRow();
    },

    /** Writes all of it into the transaction. */
    flush(): void {
      writeRow();
      saveChanged();
    },

    /** The transaction has been rolled back. */
    forget(): void {
      targets = [];
      hasGpu = false;
      changed = [];
    },
  };
}
