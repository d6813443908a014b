import type { Database } from 'bun:sqlite';
import { applySample, type NewSample } from '../../domain/sample.ts';
import { rowWriter, type Value } from './rows.ts';
import type { Target } from './targets.ts';

const COLUMNS = ['time', 'cpu', 'memory', 'gpu', 'last_sample', 'oldest', 'newest', 'late'];

/** Appends samples to the log, and saves what is known now of their jobs and nodes. */
export function arrivalWriter(db: Database) {
  const selectLast = db.query<{ seq: number }, []>('SELECT ifnull(max(seq), 0) AS seq FROM sample');
  const insertSamples = rowWriter(
    db,
    'INSERT INTO sample (seq, job, node, previous, time, cpu, memory, gpu)',
    8,
  );
  const insertUsage = db.query(
    `INSERT INTO usage (job, node, ${COLUMNS}) VALUES (?, ?, ${COLUMNS.map(() => '?')})`,
  );
  const saveUsages = rowWriter(
    db,
    `INSERT INTO usage (id, job, node, ${COLUMNS})`,
    COLUMNS.length + 3,
    `ON CONFLICT (id) DO UPDATE SET ${COLUMNS.map((column) => `${column} = excluded.${column}`)}`,
  );
  // Plain lists of numbers, because this runs for every sample: an array or an argument list a row costs as much as the row.
  let samples: Value[] = [];
  let usages: Value[] = [];
  let changed: Target[] = [];
  /** The newest row of the log; only this thread appends to it. */
  let lastSeq: number | undefined;

  function saveUsage(target: Target): void {
    const { job, node, usage, lastSample, oldestMs, newestMs, lateMs } = target;
    const { timeMs, cpuUsage, memoryUsageMb, gpuUsage } = usage!;
    const row = [
      job,
      node,
      timeMs,
      cpuUsage,
      memoryUsageMb,
      gpuUsage,
      lastSample,
      oldestMs,
      newestMs,
      lateMs,
    ];
    if (target.id === undefined) target.id = Number(insertUsage.run(...row).lastInsertRowid);
    else usages.push(target.id, ...row);
  }

  function clear(): void {
    samples = [];
    usages = [];
    changed = [];
  }

  return {
    /** Appends a sample, and applies it to its target. */
    append(target: Target, sample: NewSample): void {
      const { timeMs, cpuUsage, memoryUsageMb, gpuUsage = null } = sample;
      lastSeq ??= selectLast.get()!.seq;
      lastSeq++;
      const { job, node, lastSample: previous } = target;
      samples.push(lastSeq, job, node, previous, timeMs, cpuUsage, memoryUsageMb, gpuUsage);
      target.lastSample = lastSeq;
      target.usage = applySample(target.usage, sample);
      if (target.oldestMs === null || timeMs < target.oldestMs) target.oldestMs = timeMs;
      if (target.newestMs === null || timeMs > target.newestMs) target.newestMs = timeMs;
      else if (target.newestMs - timeMs > target.lateMs) target.lateMs = target.newestMs - timeMs;
      if (target.isSaved) changed.push(target);
      target.isSaved = false;
    },

    /** Writes all of it into the transaction. */
    flush(): void {
      insertSamples(samples);
      for (const target of changed) {
        saveUsage(target);
        target.isSaved = true;
      }
      saveUsages(usages);
      clear();
    },

    /** The transaction has been rolled back. */
    forget(): void {
      clear();
      lastSeq = undefined;
    },
  };
}
