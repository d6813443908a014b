import { Database } from 'bun:sqlite';
import type { BatchMeasures } from '../../src/domain/batch-measures.ts';
import { MEASURES } from '../../src/domain/measure.ts';
import type { Store } from '../../src/domain/store/store.ts';
import { openSqlite } from '../../src/store/sqlite/open.ts';
import { temporaryFolder } from '../help/folder.ts';
import { realisticSeries, uniformSeries } from '../help/noise.ts';
import { listReadings } from '../help/readings.ts';
import { WIDE_MEASURES } from '../help/wide-noise.ts';
import { startProgress } from './progress.ts';
import { blockBytes, type Series } from './prometheus.ts';
import { grouped, isAtMost, notThereYet, type Row } from './row.ts';

const BATCH_SAMPLES = 5000;
/** Interval of sealing, in the time of the samples, as the service does it. */
const SEAL_EVERY_MS = 10 * 60_000;
const LATER_MS = 2 * 86_400_000;
/** The columns of WIDE_MEASURES of each series. */
type FurtherSeries = readonly (readonly Float64Array[])[];

/** Number of jobs whose samples are read back and compared. */
const CHECKED_JOBS = 3;

/** Measures the bytes on disk per sample after sealing, for realistic and for random values. */
export async function measureDisk({ jobs, samples }: { jobs: number; samples: number }): Promise<Row[]> {
  const each = samples / jobs;
  const believable = Array.from({ length: jobs }, (_, job) => realisticSeries(each, job + 1));
  const hostile = Array.from({ length: jobs }, (_, job) => uniformSeries(each / 10, job + 1));
  const prometheus = await blockBytes(believable);
  const floor = (series: readonly Series[], blocks?: number) =>
    `${(plainBytes(series) / count(series)).toFixed(1)} B plain rows` +
    (blocks === undefined ? '' : `, ${(blocks / count(series)).toFixed(1)} B Prometheus blocks`);
  return [
    await bytesRow('believable', believable, floor(believable, prometheus), 6),
    await bytesRow('uniformly random', hostile, floor(hostile)),
  ];
}

const count = (series: readonly Series[]) => series.reduce((sum, samples) => sum + samples.length, 0);

async function bytesRow(
  kind: string,
  series: readonly Series[],
  floor: string,
  budget?: number,
): Promise<Row> {
  const what = `bytes on disk a sample after sealing, ${grouped(count(series))} ${kind}`;
  const budgetText = budget === undefined ? '' : `at most ${budget}`;
  const { bytes, isSealed } = await sealedBytes(series);
  if (!isSealed) return notThereYet(what, budgetText);
  const each = bytes / count(series);
  return {
    what,
    floor,
    ours: `${each.toFixed(2)} B`,
    figure: `${((each * count(series)) / plainBytes(series)).toFixed(2)} of plain rows`,
    budget: budgetText,
    isHeld: budget === undefined ? undefined : isAtMost(each, budget),
  };
}

/**
 * Returns the bytes that the samples add to a database, without free pages, and whether anything was sealed.
 */
export async function sealedBytes(
  series: readonly Series[],
  further?: FurtherSeries,
): Promise<{ bytes: number; isSealed: boolean }> {
  using folder = temporaryFolder();
  const path = folder.file('samples.db');
  const store = await openSqlite(path);
  await store.createJobs(
    series.map((samples, job) => ({
      id: `job-${job}`,
      user: `user-${job % 50}`,
      nodes: [`node-${job}`],
      state: 'running',
      startTimeMs: samples[0]!.timeMs,
    })),
  );
  const empty = usedBytes(path);
  const isSealed = await loadAndSeal(store, series, further);
  await compareSamples(store, series);
  if (further) await compareMeasures(store, further);
  await store.close();
  printTables(path);
  return { bytes: usedBytes(path) - empty, isSealed };
}

/** Records the samples in time order and seals in between; returns whether anything was sealed. */
async function loadAndSeal(
  store: Store,
  series: readonly Series[],
  further: FurtherSeries | undefined,
): Promise<boolean> {
  const length = series[0]!.length;
  const batchSteps = Math.ceil(BATCH_SAMPLES / series.length);
  const progress = startProgress(`recording and sealing ${grouped(count(series))} samples`, length);
  let isSealed = false;
  let sealedMs = 0;
  const sealUntil = async (nowMs: number) => {
    while (await store.expire({}, nowMs)) isSealed = true;
  };
  for (let step = 0; step < length; step += batchSteps) {
    const end = Math.min(length, step + batchSteps);
    const batch = samplesOf(series, step, end);
    const { stored } = await store.recordSamples(batch, further && measuresOf(further, step, end));
    if (stored !== batch.length) throw new Error(`${stored} of ${batch.length} samples were stored.`);
    const nowMs = batch.at(-1)!.timeMs;
    if (nowMs - sealedMs > SEAL_EVERY_MS) {
      await sealUntil(nowMs);
      sealedMs = nowMs;
    }
    progress.advance(step);
  }
  await sealUntil(series[0]!.at(-1)!.timeMs + LATER_MS);
  progress.finish();
  return isSealed;
}

function samplesOf(series: readonly Series[], from: number, to: number) {
  return Array.from({ length: to - from }, (_, step) =>
    series.map((samples, job) => {
      const { gpuUsage, ...sample } = samples[from + step]!;
      return { jobId: `job-${job}`, ...sample, ...(gpuUsage !== null && { gpuUsage }), stamped: false };
    }),
  ).flat();
}

/** Returns the further measures of the samples that `samplesOf` returns. */
const measuresOf = (further: FurtherSeries, from: number, to: number): BatchMeasures => ({
  columns: new Map(
    WIDE_MEASURES.map((name, place) => [
      MEASURES.get(name)!.code,
      Float64Array.from(
        Array.from({ length: to - from }, (_, step) =>
          further.map((columns) => columns[place]![from + step]!),
        ).flat(),
      ),
    ]),
  ),
});

/** Throws unless the samples read back are exactly those recorded. */
async function compareSamples(store: Store, series: readonly Series[]): Promise<void> {
  for (let job = 0; job < CHECKED_JOBS; job++) {
    const { samples, total } = await listReadings(store, `job-${job}`, {}, series[job]!.length + 1);
    const expected = series[job]!.toSorted((a, b) => a.timeMs - b.timeMs);
    const isSame = total === expected.length && Bun.deepEquals(samples.map(valuesOf), expected.map(valuesOf));
    if (!isSame) throw new Error(`The samples of job-${job} are not those that were recorded.`);
  }
}

/** Throws unless the further measures read back are exactly those recorded. */
async function compareMeasures(store: Store, further: FurtherSeries): Promise<void> {
  const codes = WIDE_MEASURES.map((name) => MEASURES.get(name)!.code);
  for (let job = 0; job < CHECKED_JOBS; job++) {
    const { samples } = await store.listSamples(`job-${job}`, { codes }, further[job]![0]!.length);
    const isSame = codes.every((code, place) => {
      const column = samples.further?.find((one) => one.code === code);
      return Bun.deepEquals([...(column?.values ?? [])], [...further[job]![place]!]);
    });
    if (!isSame) throw new Error(`The measures of job-${job} are not those that were recorded.`);
  }
}

const valuesOf = (sample: {
  timeMs: number;
  cpuUsage: number;
  memoryUsageMb: number;
  gpuUsage?: number | null;
}) => [sample.timeMs, sample.cpuUsage, sample.memoryUsageMb, sample.gpuUsage ?? null];

/** Returns the bytes of the same samples as rows of a plain table. */
function plainBytes(series: readonly Series[]): number {
  using folder = temporaryFolder();
  const path = folder.file('plain.db');
  const db = new Database(path);
  db.run(`CREATE TABLE sample (job INTEGER NOT NULL, node INTEGER NOT NULL, time INTEGER NOT NULL, cpu REAL NOT NULL,
    memory INTEGER NOT NULL, gpu REAL) STRICT`);
  const insert = db.query('INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?)');
  db.transaction(() => {
    for (let step = 0; step < series[0]!.length; step++) {
      series.forEach((samples, job) => {
        const { timeMs, cpuUsage, memoryUsageMb, gpuUsage } = samples[step]!;
        insert.run(job + 1, job + 1, timeMs, cpuUsage, memoryUsageMb, gpuUsage ?? null);
      });
    }
  })();
  db.close();
  return usedBytes(path);
}

/** Returns the bytes of the pages in use, as SQLite counts them. */
export function usedBytes(path: string): number {
  using db = new Database(path);
  const { bytes } = db
    .query<{ bytes: number }, []>(
      'SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count, pragma_freelist_count, pragma_page_size',
    )
    .get()!;
  return bytes;
}

/** Prints the size of each table and index above 100 kB. */
function printTables(path: string): void {
  using db = new Database(path, { readonly: true });
  const tables = db
    .query<{ name: string; bytes: number }, []>(
      'SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name HAVING bytes > 100000 ORDER BY bytes DESC',
    )
    .all();
  console.error(tables.map(({ name, bytes }) => `${name} ${grouped(bytes / 1000)} kB`).join(', '));
}
