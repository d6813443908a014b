import type { Database } from 'bun:sqlite';
import { DEFAULT_THRESHOLDS } from '../../../src/domain/finding/thresholds.ts';
import type { PastJob } from '../../../src/domain/job.ts';
import { type ColumnKeeper, columnKeeper } from '../../../src/store/sqlite/columns/keep.ts';
import { openForWriting } from '../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../src/store/sqlite/file/migrate.ts';
import { findingKeeper } from '../../../src/store/sqlite/findings/kept.ts';
import { jobRowWriter } from '../../../src/store/sqlite/jobs/row.ts';
import { jobWriter } from '../../../src/store/sqlite/jobs/write.ts';
import { openSqlite } from '../../../src/store/sqlite/open.ts';
import { runTallier } from '../../../src/store/sqlite/tallies/due.ts';
import { startProgress } from '../progress.ts';
import { FILTERS, type JobsShape, jobAt, jobNumbers, matches, queryOf } from './jobs.ts';
import { tallyFiller } from './tallies.ts';

const BATCH_JOBS = 5000;
const TALLY_BATCHES = 5;
/** Time of building the indexes against that of the rows, for the progress bar. */
const INDEX_SHARE = 0.5;

/** Number of jobs that match each filter of FILTERS, by its query. */
export type Totals = Record<string, number>;

/**
 * Builds a database of the shape's jobs, with a sample of every running one. The store's own code writes the
 * rows and tallies, but without syncing, and the indexes and the columns of lists are built last: 6 minutes
 * for 5,000,000 jobs.
 */
export async function buildJobs(path: string, name: string, shape: JobsShape): Promise<Totals> {
  const totals: Totals = Object.fromEntries(FILTERS.map((filter) => [queryOf(filter), 0]));
  const db = openForWriting(path);
  migrate(db, path);
  db.run('PRAGMA journal_mode = OFF');
  db.run('PRAGMA synchronous = OFF');
  db.run('PRAGMA cache_size = -500000');
  const indexes = dropIndexes(db);
  const columns = columnKeeper(db);
  const rows = jobRowWriter(db, runTallier(db, findingKeeper(db, DEFAULT_THRESHOLDS, columns)), columns);
  const writer = jobWriter(db, rows);
  const tallies = tallyFiller(db);
  const insert = db.transaction((jobs: readonly PastJob[], first: number) => {
    const result = writer.createMany(jobs);
    rows.flush();
    for (const [index, job] of jobs.entries()) tallies.add(job, first + index);
    // Rarely, because jobs of weeks add to the same rows.
    if ((first / BATCH_JOBS) % TALLY_BATCHES === 0) tallies.flush();
    return result;
  });
  const numbers = [...jobNumbers(shape)];
  const progress = startProgress(`building ${name}`, numbers.length * (1 + INDEX_SHARE));
  for (let start = 0; start < numbers.length; start += BATCH_JOBS) {
    const jobs = numbers.slice(start, start + BATCH_JOBS).map((number) => jobAt(number, shape));
    const { stored } = insert(jobs, numbers[start]!);
    if (stored !== jobs.length) throw new Error(`${stored} of ${jobs.length} jobs were stored.`);
    countMatches(jobs, totals);
    progress.advance(start + jobs.length);
  }
  indexes.forEach((sql, index) => {
    db.run(sql);
    progress.advance(numbers.length * (1 + (INDEX_SHARE * (index + 1)) / indexes.length));
  });
  db.transaction(tallies.flush)();
  tallies.finish();
  buildColumns(db, columns);
  db.run('PRAGMA journal_mode = WAL');
  db.close();
  await sampleRunningJobs(path, shape);
  progress.finish();
  return totals;
}

/** Does what the service's background does for lists. */
function buildColumns(db: Database, columns: ColumnKeeper): void {
  const step = db.transaction(columns.step);
  while (step());
}

function countMatches(jobs: readonly PastJob[], totals: Totals): void {
  for (const filter of FILTERS) {
    totals[queryOf(filter)]! += jobs.filter((job) => matches(job, filter)).length;
  }
}

/** Drops every index made by a statement; returns the statements. */
function dropIndexes(db: Database): string[] {
  const indexes = db
    .query<{ name: string; sql: string }, []>(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
    )
    .all();
  for (const { name } of indexes) db.run(`DROP INDEX "${name}"`);
  return indexes.map(({ sql }) => sql);
}

async function sampleRunningJobs(path: string, shape: JobsShape): Promise<void> {
  const store = await openSqlite(path);
  const running = [...jobNumbers({ ...shape, isOnlyRunning: true })];
  for (let start = 0; start < running.length; start += BATCH_JOBS) {
    const samples = running.slice(start, start + BATCH_JOBS).map((number) => ({
      jobId: jobAt(number, shape).id,
      timeMs: Date.now(),
      cpuUsage: (number % 10_000) / 100,
      memoryUsageMb: number % 500_000,
      gpuUsage: (number % 1000) / 10,
      stamped: true,
    }));
    const { stored } = await store.recordSamples(samples);
    if (stored !== samples.length) throw new Error(`${stored} of ${samples.length} samples were stored.`);
  }
  await store.close();
}
