import type { Database } from 'bun:sqlite';
import { LIVE_CODES, type LiveValue } from '../../../domain/live-measures.ts';
import { packLiveValues } from '../../chunk/live-values.ts';
import type { RowMeasures } from '../../chunk/row-measures.ts';
import { bulkInserter, type Value } from '../sql/insert.ts';
import type { Series } from './series.ts';

type Columns = readonly (readonly [code: number, values: Float64Array])[];

const liveColumns = (columns: RowMeasures['columns']): Columns =>
  [...columns].filter(([code]) => LIVE_CODES.has(code));

/** Saves the newest further measures of series, inside the transaction of the group. */
export function latestMeasureWriter(db: Database) {
  const upsert = bulkInserter(
    db,
    'INSERT INTO latest_measures (usage, data)',
    2,
    'ON CONFLICT (usage) DO UPDATE SET data = excluded.data',
  );
  const changed = new Map<Series, readonly LiveValue[]>();
  let columns: Columns = [];
  let gpus: RowMeasures['gpus'] | undefined;
  let gpuColumns: Columns = [];
  /** The next reading of a GPU in the batch. */
  let next = 0;

  function addGpus(values: LiveValue[], sample: number): void {
    if (!gpus || gpuColumns.length === 0) return;
    while (next < gpus.samples.length && gpus.samples[next]! < sample) next++;
    for (; gpus.samples[next] === sample; next++) {
      const gpu = gpus.names[gpus.gpus[next]!]!;
      addValues(values, gpuColumns, gpu, next);
    }
  }

  return {
    /** Chooses the batch of the samples that are kept next. */
    choose(measures: RowMeasures | undefined): void {
      columns = liveColumns(measures?.columns ?? new Map());
      gpus = measures?.gpus;
      gpuColumns = liveColumns(gpus?.columns ?? new Map());
      next = 0;
    },

    /** Keeps the measures of a sample of the batch, the newest of its series; samples must ascend. */
    keep(series: Series, sample: number): void {
      const values: LiveValue[] = [];
      addValues(values, columns, '', sample);
      addGpus(values, sample);
      if (values.length > 0) changed.set(series, values);
    },

    /** Writes what was kept; the series must have their rows. */
    save(): void {
      if (changed.size === 0) return;
      const rows: Value[] = [];
      for (const [{ id }, values] of changed) rows.push(id!, packLiveValues(values));
      upsert(rows);
      changed.clear();
    },

    /** Drops what was kept; must be called after a rollback. */
    forget: () => changed.clear(),
  };
}

function addValues(values: LiveValue[], columns: Columns, gpu: string, place: number): void {
  for (const [code, column] of columns) {
    const value = column[place]!;
    if (!Number.isNaN(value)) values.push({ code, gpu, value });
  }
}

/** Returns a function that drops the newest measures of a series whose run has ended. */
export function latestMeasureDropper(db: Database): (run: number, node: number) => void {
  const drop = db.query(
    `DELETE FROM latest_measures WHERE usage = (SELECT id FROM usage WHERE job = ?1 AND node = ?2)
        AND NOT EXISTS (SELECT 1 FROM job WHERE seq = ?1 AND end_time IS NULL)`,
  );
  return (run, node) => void drop.run(run, node);
}
