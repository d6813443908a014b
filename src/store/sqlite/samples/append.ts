import type { Database } from 'bun:sqlite';
import { applySample, type NewSample } from '../../../domain/sample.ts';
import { MAX_FURTHER_BYTES, MAX_ROW_SAMPLES } from '../../chunk/log-row.ts';
import { RowCollector } from '../../chunk/row-collector.ts';
import type { RowMeasures } from '../../chunk/row-measures.ts';
import { type Series, widenSpan } from '../../rows/series.ts';
import { bulkInserter, type Value } from '../sql/insert.ts';
import { latestMeasureWriter } from './latest-measures.ts';
import type { LogWriter } from './log.ts';

const COLUMNS = ['time', 'cpu', 'memory', 'gpu', 'newest'];

/**
 * Appends samples to the log and saves the current usage of their series, inside the transaction of the
 * group. Calls `onMeasured` with the numbers of the runs whose usage has changed.
 */
export function sampleAppender(db: Database, log: LogWriter, onMeasured: (jobs: readonly number[]) => void) {
  // A new series must not find samples of a deleted one with the same id, so it starts behind the last row.
  const insertUsage = db.query('INSERT INTO usage (job, node, sealed, oldest) VALUES (?, ?, ?, ?)');
  const saveOldest = db.query('UPDATE usage SET oldest = ? WHERE id = ?');
  const saveLatest = bulkInserter(
    db,
    `INSERT INTO latest (usage, ${COLUMNS})`,
    COLUMNS.length + 1,
    `ON CONFLICT (usage) DO UPDATE SET ${COLUMNS.map((column) => `${column} = excluded.${column}`)}`,
  );
  // The samples of the next row by column: an object or
  // array for each would cost as much as storing the sample.
  const times = new Float64Array(MAX_ROW_SAMPLES);
  const cpu = new Float64Array(MAX_ROW_SAMPLES);
  const memory = new Float64Array(MAX_ROW_SAMPLES);
  const gpu = new Float64Array(MAX_ROW_SAMPLES);
  const further = new RowCollector();
  const newest = latestMeasureWriter(db);
  let hasFurther = false;
  let rowSeries: Series[] = [];
  let hasGpu = false;
  let changed: Series[] = [];

  /** Returns the id of a series; one that has not reported before gets its row. */
  function idOf(series: Series): number {
    if (series.id !== undefined) return series.id;
    const { job, node, oldestMs } = series;
    series.id = Number(insertUsage.run(job, node, log.lastSeq(), oldestMs).lastInsertRowid);
    series.isOldestSaved = true;
    return series.id;
  }

  function writeRow(): void {
    const count = rowSeries.length;
    if (count === 0) return;
    const columns = {
      times: times.subarray(0, count),
      cpu: cpu.subarray(0, count),
      memory: memory.subarray(0, count),
      gpu: hasGpu ? gpu.subarray(0, count) : undefined,
    };
    log.append(Int32Array.from(rowSeries, idOf), columns, further.take(count));
    rowSeries = [];
    hasGpu = false;
  }

  const isRowFull = () =>
    rowSeries.length === MAX_ROW_SAMPLES ||
    (hasFurther && further.bytes(rowSeries.length) >= MAX_FURTHER_BYTES);

  function saveChanged(): void {
    const values: Value[] = [];
    for (const series of changed) {
      const { timeMs, cpuUsage, memoryUsageMb, gpuUsage } = series.usage!;
      values.push(series.id!, timeMs, cpuUsage, memoryUsageMb, gpuUsage, series.newestMs);
      series.isSaved = true;
      if (!series.isOldestSaved) saveOldest.run(series.oldestMs, series.id!);
      series.isOldestSaved = true;
    }
    saveLatest(values);
    onMeasured(changed.map(({ job }) => job));
    changed = [];
  }

  return {
    /** Chooses the further measures of the batch whose samples are appended next. */
    choose(measures: RowMeasures | undefined): void {
      hasFurther = measures !== undefined;
      further.choose(measures);
      newest.choose(measures);
    },

    /** Appends a sample, which has the place `index` in its batch, and applies it to its series. */
    append(series: Series, sample: NewSample, index = 0): void {
      const { timeMs, cpuUsage, memoryUsageMb, gpuUsage } = sample;
      const place = rowSeries.length;
      times[place] = timeMs;
      cpu[place] = cpuUsage;
      memory[place] = memoryUsageMb;
      gpu[place] = gpuUsage ?? Number.NaN;
      if (gpuUsage !== undefined) hasGpu = true;
      rowSeries.push(series);
      if (hasFurther) further.add(index, place);
      series.usage = applySample(series.usage, sample);
      if (hasFurther && series.usage.timeMs === timeMs) newest.keep(series, index);
      widenSpan(series, timeMs);
      if (series.isSaved) changed.push(series);
      series.isSaved = false;
      if (isRowFull()) writeRow();
    },

    /** Writes everything appended since the last flush to the database. */
    flush(): void {
      writeRow();
      saveChanged();
      newest.save();
    },

    /** Drops what was appended; must be called after a rollback. */
    forget(): void {
      rowSeries = [];
      hasGpu = false;
      changed = [];
      further.clear();
      newest.forget();
    },
  };
}
