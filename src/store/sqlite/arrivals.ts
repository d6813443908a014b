import type { Database } from 'bun:sqlite';
import { applySample, type NewSample } from '../../domain/sample.ts';
import type { LogWriter } from './log.ts';
import { MAX_ROW_SAMPLES } from './logrow.ts';
import { rowWriter, type Value } from './rows.ts';
import type { Target } from './targets.ts';

const COLUMNS = ['time', 'cpu', 'memory', 'gpu', 'oldest', 'newest'];

/** Appends samples to the log, and saves what is known now of their jobs and nodes. */
export function arrivalWriter(db: Database, log: LogWriter) {
  // What came into the log under this id before, of a job that is gone, is out of reach.
  const insertUsage = db.query(
    `INSERT INTO usage (job, node, ${COLUMNS}, sealed) VALUES (?, ?, ${COLUMNS.map(() => '?')}, ?)`,
  );
  const saveUsages = rowWriter(
    db,
    `INSERT INTO usage (id, job, node, ${COLUMNS})`,
    COLUMNS.length + 3,
    `ON CONFLICT (id) DO UPDATE SET ${COLUMNS.map((column) => `${column} = excluded.${column}`)}`,
  );
  // The samples of the next row, one column each: an object or an array a sample costs as much as the sample.
  const times = new Float64Array(MAX_ROW_SAMPLES);
  const cpu = new Float64Array(MAX_ROW_SAMPLES);
  const memory = new Float64Array(MAX_ROW_SAMPLES);
  const gpu = new Float64Array(MAX_ROW_SAMPLES);
  let targets: Target[] = [];
  let hasGpu = false;
  let changed: Target[] = [];

  const valuesOf = ({ job, node, usage, oldestMs, newestMs }: Target): Value[] => {
    const { timeMs, cpuUsage, memoryUsageMb, gpuUsage } = usage!;
    return [job, node, timeMs, cpuUsage, memoryUsageMb, gpuUsage, oldestMs, newestMs];
  };

  /** The series of a target; one that has not reported before gets its row. */
  function seriesOf(target: Target): number {
    if (target.id !== undefined) return target.id;
    target.id = Number(insertUsage.run(...valuesOf(target), log.lastSeq()).lastInsertRowid);
    target.isSaved = true;
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
      if (target.isSaved) continue;
      values.push(target.id!, ...valuesOf(target));
      target.isSaved = true;
    }
    saveUsages(values);
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
      if (target.oldestMs === null || timeMs < target.oldestMs) target.oldestMs = timeMs;
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
