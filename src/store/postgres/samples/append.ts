import { applySample, type NewSample } from '../../../domain/sample.ts';
import { RowCollector } from '../../chunk/row-collector.ts';
import type { RowMeasures } from '../../chunk/row-measures.ts';
import { LatestMeasures } from '../../rows/latest-measures.ts';
import { type Series, widenSpan } from '../../rows/series.ts';
import { bulkInserter, type Column, replacing } from '../sql/insert.ts';
import type { Writing } from '../sql/queries.ts';

/** A sample that waits for the next flush. */
interface Waiting {
  readonly series: Series;
  readonly sample: NewSample;
  readonly further: Uint8Array | undefined;
}

const PLAIN: readonly Column[] = [
  ['usage', 'integer'],
  ['time', 'bigint'],
  ['cpu', 'float8'],
  ['memory', 'bigint'],
  ['gpu', 'float8'],
];
const MEASURED: readonly Column[] = [...PLAIN, ['further', 'bytea']];
const LATEST: readonly Column[] = [...PLAIN, ['newest', 'bigint']];

/**
 * Appends samples to the log and saves the current usage
 * of their series, inside the transaction of the group.
 */
export function sampleAppender(db: Writing, onAppended: (samples: number) => void) {
  const insertPlain = bulkInserter(db, 'log', PLAIN);
  const insertMeasured = bulkInserter(db, 'log', MEASURED);
  const saveLatest = bulkInserter(db, 'latest', LATEST, replacing('usage', LATEST));
  const saveMeasures = bulkInserter(
    db,
    'latest_measures',
    [
      ['usage', 'integer'],
      ['data', 'bytea'],
    ],
    'ON CONFLICT (usage) DO UPDATE SET data = excluded.data',
  );
  const further = new RowCollector();
  const newest = new LatestMeasures();
  let hasFurther = false;
  let waiting: Waiting[] = [];
  let changed: Series[] = [];

  /** Gives rows to series that have not reported before. */
  async function saveNew(): Promise<void> {
    const fresh = changed.filter(({ id }) => id === undefined);
    if (fresh.length === 0) return;
    const rows = await db.all<{ id: number; job: number; node: number }>(
      `INSERT INTO usage (job, node, oldest) SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[])
         RETURNING id, job, node`,
      [fresh.map(({ job }) => job), fresh.map(({ node }) => node), fresh.map(({ oldestMs }) => oldestMs)],
    );
    const ids = new Map(rows.map(({ id, job, node }) => [`${job} ${node}`, id]));
    for (const series of fresh) {
      series.id = ids.get(`${series.job} ${series.node}`)!;
      series.isOldestSaved = true;
    }
  }

  function saveOldest(): void {
    const older = changed.filter(({ isOldestSaved }) => !isOldestSaved);
    if (older.length === 0) return;
    db.send(
      `UPDATE usage SET oldest = given.oldest FROM unnest($1::integer[], $2::bigint[]) AS given (id, oldest)
        WHERE usage.id = given.id`,
      [older.map(({ id }) => id!), older.map(({ oldestMs }) => oldestMs)],
    );
    for (const series of older) series.isOldestSaved = true;
  }

  function saveLog(): void {
    const rows = waiting.map(({ series, sample: { timeMs, cpuUsage, memoryUsageMb, gpuUsage = null } }) => [
      series.id!,
      timeMs,
      cpuUsage,
      memoryUsageMb,
      gpuUsage,
    ]);
    if (waiting.some((one) => one.further))
      insertMeasured(rows.map((row, place) => [...row, waiting[place]!.further ?? null]));
    else insertPlain(rows);
  }

  function saveUsage(): void {
    saveLatest(
      changed.map(({ id, usage, newestMs }) => {
        const { timeMs, cpuUsage, memoryUsageMb, gpuUsage } = usage!;
        return [id!, timeMs, cpuUsage, memoryUsageMb, gpuUsage, newestMs];
      }),
    );
    for (const series of changed) series.isSaved = true;
    saveMeasures(newest.take());
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
      if (hasFurther) further.add(index, 0);
      waiting.push({ series, sample, further: hasFurther ? further.take(1) : undefined });
      series.usage = applySample(series.usage, sample);
      if (hasFurther && series.usage.timeMs === sample.timeMs) newest.keep(series, index);
      widenSpan(series, sample.timeMs);
      if (series.isSaved) changed.push(series);
      series.isSaved = false;
    },

    /** Writes everything appended since the last flush to the database. */
    async flush(): Promise<void> {
      if (waiting.length === 0) return;
      await saveNew();
      saveOldest();
      saveLog();
      saveUsage();
      onAppended(waiting.length);
      waiting = [];
      changed = [];
    },

    /** Drops what was appended; must be called after a rollback. */
    forget(): void {
      waiting = [];
      changed = [];
      further.clear();
      newest.forget();
    },
  };
}
