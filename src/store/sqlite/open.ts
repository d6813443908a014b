import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StartError } from '../../domain/errors.ts';
import { newJob } from '../../domain/job.ts';
import type { BatchResult } from '../../domain/store/batch.ts';
import type { Store } from '../../domain/store/store.ts';
import type { Commit } from '../../domain/store/upkeep.ts';
import { SLICE_MS } from '../../pace.ts';
import { explainOpenError, notWritable, openForReading } from './file/connection.ts';
import { connectionPool } from './file/connections.ts';
import { type DatabaseLock, lockDatabase } from './file/lock.ts';
import { longReads } from './file/long-reads.ts';
import { eventReader } from './jobs/events.ts';
import { flowReader } from './jobs/flow.ts';
import { readLiveSeries } from './jobs/live.ts';
import { jobReader } from './jobs/read.ts';
import { jobLister, jobLists } from './lists/lists.ts';
import { unconfirmedLister } from './runs/unconfirmed.ts';
import { LogIndex } from './samples/log-index.ts';
import { readingReader, runReader } from './samples/read.ts';
import { shareIndex } from './samples/unsealed.ts';
import { stateReader } from './state.ts';
import { cutParts, joinResults } from './writer/parts.ts';
import { Writer } from './writer/queue.ts';
import { jobCost, type WriteFields } from './writer/write.ts';

export interface SqliteOptions {
  /** Told of every attempt to commit. */
  readonly onCommit?: (commit: Commit) => void;
  /**
   * Told what an administrator has to know of the file: that it was migrated, that it is lost, that it is
   * back.
   */
  readonly onNotice?: (level: 'info' | 'error', text: string) => void;
  /**
   * Told once when the store has failed for good: every write is refused from then on, and the process should
   * end.
   */
  readonly onDeath?: (cause: Error) => void;
  /** Memory for the pages that are being written; for a command that writes very much and then ends. */
  readonly cacheBytes?: number;
  /** Commits batches of any size in one go, because nobody else waits for the disk. */
  readonly areBatchesWhole?: boolean;
}

/**
 * Opens the database file, creating it when it is missing, and brings it to the newest version. Rejects with
 * StartError, one sentence for a person, when the file or its folder does not allow it.
 */
export async function openSqlite(
  file: string,
  {
    onCommit = () => {},
    onNotice = () => {},
    onDeath = () => {},
    cacheBytes,
    areBatchesWhole = false,
  }: SqliteOptions = {},
): Promise<Store> {
  const path = resolve(file);
  if (!existsSync(dirname(path)))
    throw new StartError(`The folder ${dirname(path)} of the database does not exist.`);
  if (existsSync(path) && !statSync(path).isFile()) throw new StartError(`${path} is not a file.`);
  // SQLite opens a file that may not be written all the same, for reading; only a write would tell.
  if (existsSync(path) && !isWritable(path)) throw notWritable(path);
  let lock: DatabaseLock | undefined;
  let writer: Writer | undefined;
  try {
    lock = lockDatabase(path);
    writer = await Writer.open(lock.path, { onCommit, onNotice, onDeath, cacheBytes });
    return sqliteStore({ path: lock.path, writer, lock, areBatchesWhole, onNotice });
  } catch (error) {
    await writer?.close();
    lock?.release();
    throw explainOpenError(path, error) ?? error;
  }
}

interface Parts extends Required<Pick<SqliteOptions, 'areBatchesWhole' | 'onNotice'>> {
  readonly path: string;
  readonly writer: Writer;
  readonly lock: DatabaseLock;
}

function sqliteStore({ path, writer, lock, areBatchesWhole, onNotice }: Parts): Store {
  const db = openForReading(path);
  const jobs = jobReader(db);
  const readEvents = eventReader(db);
  const listUnconfirmed = unconfirmedLister(db);
  const readState = stateReader(db);
  const readFlow = flowReader(db);
  const index = new LogIndex(false);
  const pool = connectionPool(path, (connection) => shareIndex(connection, index));
  const { stream, streamMuch, streamFirst, compute } = longReads(pool);
  let isClosed = false;
  let setAside = 0;

  /** One consistent moment for all queries of a read. */
  const inTransaction = db.transaction(<Value>(run: () => Value) => run());
  async function read<Value>(run: () => Value): Promise<Value> {
    pool.requireOpen();
    return inTransaction(run) as Value;
  }

  /**
   * What a read of several steps returns when it ends within one slice; undefined when it takes longer, and
   * is given up.
   */
  function readAtOnce<Value>(steps: () => Generator<undefined, Value>): Value | undefined {
    pool.requireOpen();
    return inTransaction(() => {
      const endMs = performance.now() + SLICE_MS;
      const running = steps();
      for (let step = running.next(); performance.now() < endMs || step.done; step = running.next()) {
        if (step.done) return step.value;
      }
      running.return(undefined as Value);
      return undefined;
    }) as Value | undefined;
  }

  async function submitBatch<Kind extends 'createJobs' | 'applyReports' | 'recordSamples', Row>(
    kind: Kind,
    rows: readonly Row[],
    {
      costOf,
      fieldsOf,
    }: { costOf: (row: Row) => number; fieldsOf: (part: readonly Row[]) => WriteFields[Kind] },
  ): Promise<BatchResult> {
    const parts = areBatchesWhole ? [rows] : cutParts(rows, costOf);
    return joinResults(parts, await writer.submitParts(kind, parts.map(fieldsOf)));
  }

  const lists = jobLists({ readAtOnce, lister: jobLister(db), compute });

  return {
    createJob: async (job, nowMs) => {
      await writer.submit('createJob', { job, nowMs });
      // The same that the thread has stored, without reading it back.
      return newJob(job, nowMs);
    },
    createJobs: (list) =>
      submitBatch('createJobs', list, { costOf: jobCost, fieldsOf: (jobs) => ({ jobs }) }),
    applyReports: (list) =>
      submitBatch('applyReports', list, { costOf: jobCost, fieldsOf: (reports) => ({ reports }) }),
    listUnconfirmed: (sinceMs) => read(() => listUnconfirmed(sinceMs)),
    readState: (name) => read(() => readState(name)),
    saveState: (name, value) => writer.submit('saveState', { name, value }),
    streamRuns: (id, signal) => stream((connection) => runReader(connection)(id), signal),
    listEvents: (id) => read(() => readEvents(jobs.get(id).id)),
    getJob: async (id) =>
      readAtOnce(() => jobs.find(id)) ?? compute((connection) => jobReader(connection).find(id)),
    updateJob: (id, patch, nowMs) => writer.submit('updateJob', { id, patch, nowMs }),
    deleteJob: (id) => writer.submit('deleteJob', { id }),
    listJobs: (filter, page, signal) => lists.list(filter, page, signal),
    streamJobs: (filter, start, signal) => lists.stream(filter, start, signal),
    recordSample: (jobId, sample) => writer.submit('recordSample', { jobId, sample }),
    recordSamples: (list) =>
      submitBatch('recordSamples', list, { costOf: () => 1, fieldsOf: (samples) => ({ samples }) }),
    listSamples: (id, query, limit, signal) =>
      compute((connection) => readingReader(connection).list(id, query, limit), signal),
    plotSamples: (id, query, maxPoints, signal) =>
      compute((connection) => readingReader(connection).plot(id, query, maxPoints), signal),
    streamSamples: (id, query, signal) =>
      streamMuch((connection) => readingReader(connection).stream(id, query), signal),
    summarizeJob: (id, run, signal) =>
      compute((connection) => readingReader(connection).summary(id, run), signal),
    countJobs: () => read(() => jobs.totals()),
    countFlow: () => read(readFlow),
    checkWritable: () => writer.probe(),
    async expire(retention, nowMs) {
      const step = await writer.submit('expire', { retention, nowMs });
      setAside += step.setAside.length;
      for (const text of step.setAside) onNotice('error', text);
      return step.hasMore;
    },
    status: () => ({
      queueLength: writer.queuedRows,
      databaseBytes: sizeOf(path) + sizeOf(`${path}-wal`),
      setAside,
    }),

    liveSeries: (endedSinceMs) => streamFirst((connection) => readLiveSeries(connection, endedSinceMs)),

    async close() {
      if (isClosed) return;
      isClosed = true;
      pool.close();
      db.close();
      await writer.close();
      lock.release();
    },
  };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
