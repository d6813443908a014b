import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { OperatorError } from '../../domain/errors.ts';
import { DEFAULT_THRESHOLDS, type Thresholds } from '../../domain/finding/thresholds.ts';
import { SOLE_WRITER } from '../../domain/store/duty.ts';
import type { StoreOptions } from '../../domain/store/options.ts';
import type { Store } from '../../domain/store/store.ts';
import { SLICE_MS } from '../../pace.ts';
import { storeWrites } from '../writer/writes.ts';
import { auditReader } from './access/audit.ts';
import { sessionReader } from './access/sessions.ts';
import { tokenReader } from './access/tokens.ts';
import { explainOpenError, notWritable, openForReading } from './file/connection.ts';
import { connectionPool } from './file/connections.ts';
import { isWritable, sizeOf } from './file/files.ts';
import { type DatabaseLock, lockDatabase } from './file/lock.ts';
import { longReads } from './file/long-reads.ts';
import { readLiveSeries } from './jobs/live.ts';
import { jobReader } from './jobs/read.ts';
import { throughputReader } from './jobs/throughput.ts';
import { judgeRunning } from './judging.ts';
import { jobLister, jobLists } from './lists/lists.ts';
import { lastHistoryReader, readClusterHistory } from './nodes/cluster-history.ts';
import { readNodeJobs } from './nodes/jobs.ts';
import { nodeReportReader, readNodeReports } from './nodes/reports.ts';
import { noticeReader, readTold } from './notices/read.ts';
import { readJobsOfRuns, readOwners } from './runs/changed.ts';
import { readRequeued } from './runs/requeued.ts';
import { unconfirmedLister } from './runs/unconfirmed.ts';
import { LogIndex } from './samples/log-index.ts';
import { shareIndex } from './samples/unsealed.ts';
import { stateReader } from './state.ts';
import { findingCounter } from './tallies/findings.ts';
import { viewReader } from './views.ts';
import { Writer } from './writer/queue.ts';
import { WRITER_THREADS, type WriterThreads } from './writer/threads.ts';

/**
 * Opens the database file, creates it if it is missing, and migrates it to the newest version. Rejects with
 * OperatorError if the file or its folder does not allow it.
 */
export async function openSqlite(
  file: string,
  {
    onCommit = () => {},
    onNotice = () => {},
    onDeath = () => {},
    cacheBytes,
    thresholds = DEFAULT_THRESHOLDS,
    ...options
  }: StoreOptions = {},
  threads: WriterThreads = WRITER_THREADS,
): Promise<Store> {
  const path = resolve(file);
  if (!existsSync(dirname(path)))
    throw new OperatorError(`The folder ${dirname(path)} of the database does not exist.`);
  if (existsSync(path) && !statSync(path).isFile()) throw new OperatorError(`${path} is not a file.`);
  // SQLite opens a file without write permission for reading; only a write would fail.
  if (existsSync(path) && !isWritable(path)) throw notWritable(path);
  let lock: DatabaseLock | undefined;
  let writer: Writer | undefined;
  try {
    lock = lockDatabase(path);
    const events = { onCommit, onNotice, onDeath };
    writer = await Writer.open(lock.path, { ...events, cacheBytes, thresholds }, threads);
    return sqliteStore({ ...options, path: lock.path, writer, lock, thresholds, onNotice });
  } catch (error) {
    await writer?.close();
    lock?.release();
    throw explainOpenError(path, error) ?? error;
  }
}

interface Parts
  extends Pick<StoreOptions, 'areBatchesWhole' | 'maxUnsealedSamples' | 'onExpire' | 'onNotice'> {
  readonly path: string;
  readonly writer: Writer;
  readonly lock: DatabaseLock;
  readonly thresholds: Thresholds;
}

function sqliteStore({ path, writer, lock, thresholds, ...options }: Parts): Store {
  const db = openForReading(path);
  const jobs = jobReader(db);
  const listUnconfirmed = unconfirmedLister(db);
  const readState = stateReader(db);
  const readLastHistory = lastHistoryReader(db);
  const readThroughput = throughputReader(db);
  const countFindings = findingCounter(db, 'finding_count');
  const countRunningFindings = findingCounter(db, 'running_finding_count');
  const readTokens = tokenReader(db);
  const readSessions = sessionReader(db);
  const readAudit = auditReader(db);
  const readNodeReport = nodeReportReader(db);
  const notices = noticeReader(db);
  const index = new LogIndex(false);
  const pool = connectionPool(path, (connection) => shareIndex(connection, index));
  const reads = longReads(pool);
  const { streamFirst, compute } = reads;
  let isClosed = false;

  /** Gives all queries of a read one snapshot. */
  const inTransaction = db.transaction(<Value>(run: () => Value) => run());
  async function read<Value>(run: () => Value): Promise<Value> {
    pool.requireOpen();
    return inTransaction(run) as Value;
  }

  /** Returns the value of a read in steps if it ends within one slice; undefined if it would take longer. */
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

  const lists = jobLists({ readAtOnce, lister: jobLister(db), compute });

  const seenBy = viewReader({ db, lists, reads, read, readAtOnce });

  return {
    ...seenBy('all'),
    ...SOLE_WRITER,
    ...storeWrites({ ...options, writer, databaseBytes: () => sizeOf(path) + sizeOf(`${path}-wal`) }),
    seenBy,
    listRequeued: (sinceMs) => compute((connection) => readRequeued(connection, sinceMs)),
    listUnconfirmed: (sinceMs) => read(() => listUnconfirmed(sinceMs)),
    readState: (name) => read(() => readState(name)),
    judgeRunning: judgeRunning({ thresholds, compute, writer }),
    loadAccess: (nowMs) => read(() => ({ tokens: readTokens(), sessions: readSessions(nowMs) })),
    listAudit: (page) => read(() => readAudit(page)),
    readTold: (sinceMs) => compute((connection) => readTold(connection, sinceMs)),
    listDue: (way, nowMs, limit) => read(() => notices.due(way, nowMs, limit)),
    listNotices: (page) => read(() => notices.list(page)),
    listActs: (sinceMs, limit) => read(() => notices.acts(sinceMs, limit)),
    listDigestRefusals: () => read(notices.refusals),
    readLinkSecret: () => read(notices.linkSecret),
    countJobs: () => read(() => jobs.totals()),
    countThroughput: () => read(readThroughput),
    countFindings: () => read(countFindings),
    countRunningFindings: () => read(countRunningFindings),

    watchChanges: (tell) => writer.watch(tell),
    findOwners: (ids) => firstOf(streamFirst((connection) => readOwners(connection, ids))),
    findJobsOfRuns: (sluids) => firstOf(streamFirst((connection) => readJobsOfRuns(connection, sluids))),

    readHistory: (sinceMs, untilMs) =>
      reads.stream((connection) => readClusterHistory(connection, sinceMs, untilMs)),
    lastHistoryMs: () => read(readLastHistory),
    nodeReports: () => streamFirst(readNodeReports),
    nodeReport: (node) => read(() => readNodeReport(node)),
    // One node is asked for by people, who come after scrapes.
    nodeJobs: (node) =>
      (node === undefined ? streamFirst : reads.stream)((connection) => readNodeJobs(connection, node)),
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

/** Returns the only batch of a read. */
async function firstOf<Batch>(batches: AsyncGenerator<Batch, void>): Promise<Batch> {
  for await (const batch of batches) return batch;
  throw new Error('A read ended without a batch.');
}
