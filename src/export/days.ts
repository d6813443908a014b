import type { Reading } from '../api/sample.ts';
import type { JobPageQuery } from '../client/queries.ts';
import type { Job } from '../domain/job.ts';
import type { JobSummary } from '../domain/store/samples.ts';
import { writeTable } from './files.ts';
import type { Format, TableName } from './table.ts';
import { JOBS, SAMPLES, type SampleOfJob, SUMMARIES, type SummaryOfJob, summaryRows } from './tables.ts';

const DAY_MS = 86_400_000;
const PAGE_JOBS = 1000;

/** Where the rows come from: the HTTP API, as the caller sees it. */
export interface ExportSource {
  listJobs(query: JobPageQuery): Promise<{ readonly jobs: readonly Job[]; readonly nextCursor?: string }>;
  summarize(jobId: string): Promise<JobSummary>;
  streamSamples(jobId: string): AsyncIterable<Reading>;
}

export interface Exported {
  readonly path: string;
  readonly rows: number;
}

interface ExportOptions {
  readonly folder: string;
  readonly tables: readonly TableName[];
  readonly format: Format;
  /** The first day and the day after the last, in milliseconds since 1970, UTC. */
  readonly fromMs: number;
  readonly toMs: number;
  /** `done` is from 0 to 1. */
  readonly onProgress?: (done: number, path: string) => void;
}

/** Writes `<folder>/<table>/<day>.<format>` for the jobs that ended on each day, one file after the other. */
export async function* exportDays(source: ExportSource, options: ExportOptions): AsyncGenerator<Exported> {
  const { folder, tables, format, fromMs, toMs, onProgress = () => {} } = options;
  for (let dayMs = fromMs; dayMs < toMs; dayMs += DAY_MS) {
    for (const table of tables) {
      const day = new Date(dayMs).toISOString().slice(0, 'YYYY-MM-DD'.length);
      const path = `${folder}/${table}/${day}.${format}`;
      onProgress((dayMs - fromMs) / (toMs - fromMs), path);
      yield { path, rows: await writeDay(source, table, { path, format, dayMs }) };
    }
  }
}

function writeDay(
  source: ExportSource,
  table: TableName,
  { path, format, dayMs }: { path: string; format: Format; dayMs: number },
): Promise<number> {
  const jobs = endedJobs(source, dayMs);
  if (table === 'jobs') return writeTable(path, format, JOBS, jobs);
  if (table === 'summaries') return writeTable(path, format, SUMMARIES, summariesOf(source, jobs));
  return writeTable(path, format, SAMPLES, samplesOf(source, jobs));
}

/** Yields the jobs that ended on a day, in the order of their ends. */
async function* endedJobs(source: ExportSource, dayMs: number): AsyncGenerator<Job> {
  let cursor: string | undefined;
  do {
    const page = await source.listJobs({
      state: ['completed', 'failed', 'cancelled'],
      sinceMs: dayMs,
      order: { sort: 'endTime', isAscending: true },
      limit: PAGE_JOBS,
      ...(cursor !== undefined && { cursor }),
    });
    for (const job of page.jobs) {
      if (job.endTimeMs === undefined || job.endTimeMs >= dayMs + DAY_MS) return;
      yield job;
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

async function* summariesOf(source: ExportSource, jobs: AsyncIterable<Job>): AsyncGenerator<SummaryOfJob> {
  for await (const { id } of jobs) yield* summaryRows(id, await source.summarize(id));
}

async function* samplesOf(source: ExportSource, jobs: AsyncIterable<Job>): AsyncGenerator<SampleOfJob> {
  for await (const { id } of jobs) {
    for await (const sample of source.streamSamples(id)) yield { jobId: id, ...sample };
  }
}
