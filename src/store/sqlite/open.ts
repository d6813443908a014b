import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { sliceMeasures } from '../../domain/batch-measures.ts';
import { OperatorError, tooManyUnsealed } from '../../domain/errors.ts';
import { DEFAULT_THRESHOLDS } from '../../domain/finding/thresholds.ts';
import { newJob } from '../../domain/job.ts';
import type { BatchResult } from '../../domain/store/batch.ts';
import { SOLE_WRITER } from '../../domain/store/duty.ts';
import type { StoreOptions } from '../../domain/store/options.ts';
import type { Store } from '../../domain/store/store.ts';
import { isRefused, MAX_UNSEALED_SAMPLES, urgencyOf } from '../../domain/unsealed.ts';
import { SLICE_MS } from '../../pace.ts';
import { cutJobs, cutParts, joinResults, type Part } from '../writer/parts.ts';
import { jobCost, sampleCost, type WriteFields } from '../writer/write.ts';
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
    onExpire = () => {},
    onNotice = () => {},
    onDeath = () => {},
    cacheBytes,
    thresholds,
    areBatchesWhole = false,
    maxUnsealedSamples = MAX_UNSEALED_SAMPLES,
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
    return sqliteStore({
      path: lock.path,
      writer,
      lock,
      areBatchesWhole,
      maxUnsealedSamples,
      thresholds: thresholds ?? DEFAULT_THRESHOLDS,
      onExpire,
      onNotice,
    });
  } catch (error) {
    await writer?.close();
    lock?.release();
    throw explainOpenError(path, error) ?? error;
  }
}

interface Parts
  extends Pick<
    Required<StoreOptions>,
    'areBatchesWhole' | 'maxUnsealedSamples' | 'thresholds' | 'onExpire' | 'onNotice'
  > {
  readonly path: string;
  readonly writer: Writer;
  readonly lock: DatabaseLock;
}

function sqliteStore({
  path,
  writer,
  lock,
  areBatchesWhole,
  maxUnsealedSamples,
  thresholds,
  onExpire,
  onNotice,
}: Parts): Store {
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
  let setAside = 0;
  let refusedUnsealed = 0;

  function requireRoom(kind: 'batch' | 'single'): void {
    if (!isRefused(writer.unsealedSamples, maxUnsealedSamples, kind)) return;
    refusedUnsealed++;
    throw tooManyUnsealed(writer.unsealedSamples);
  }

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

  async function submitBatch<Kind extends 'createJobs' | 'applyReports' | 'recordSamples', Row>(
    kind: Kind,
    rows: readonly Row[],
    {
      cut,
      fieldsOf,
    }: {
      cut: (rows: readonly Row[]) => readonly Part<Row>[];
      fieldsOf: (part: Part<Row>, isLast: boolean) => WriteFields[Kind];
    },
  ): Promise<BatchResult> {
    const parts = areBatchesWhole ? [{ rows, indexOf: (row: number) => row }] : cut(rows);
    const fields = parts.map((part, index) => fieldsOf(part, index === parts.length - 1));
    return joinResults(parts, await writer.submitParts(kind, fields));
  }

  const lists = jobLists({ readAtOnce, lister: jobLister(db), compute });

  const seenBy = viewReader({ db, lists, reads, read, readAtOnce });

  return {
    ...seenBy('all'),
    ...SOLE_WRITER,
    seenBy,
    createJob: async (job, nowMs) => {
      await writer.submit('createJob', { job, nowMs });
      // The thread has stored the same, so nothing is read back.
      return newJob(job, nowMs);
    },
    createJobs: (list) =>
      submitBatch('createJobs', list, {
        cut: (rows) => cutJobs(rows, jobCost),
        fieldsOf: ({ rows }) => ({ jobs: rows }),
      }),
    applyReports: (list) =>
      submitBatch('applyReports', list, {
        cut: (rows) => cutParts(rows, jobCost),
        fieldsOf: ({ rows }) => ({ reports: rows }),
      }),
    listRequeued: (sinceMs) => compute((connection) => readRequeued(connection, sinceMs)),
    listUnconfirmed: (sinceMs) => read(() => listUnconfirmed(sinceMs)),
    readState: (name) => read(() => readState(name)),
    judgeAnew: () => writer.submit('judgeAnew', {}),
    judgeRunning: judgeRunning({ thresholds, compute, writer }),
    saveState: (name, value) => writer.submit('saveState', { name, value }),
    updateJob: (id, patch, nowMs) => writer.submit('updateJob', { id, patch, nowMs }),
    deleteJob: (id, entry) => writer.submit('deleteJob', { id, entry }),
    async recordSample(jobId, sample) {
      requireRoom('single');
      await writer.submit('recordSample', { jobId, sample });
    },
    async recordSamples(list, measures, report) {
      requireRoom('batch');
      const cost = sampleCost(list.length, measures);
      return submitBatch('recordSamples', list, {
        cut: (rows) => cutParts(rows, () => cost),
        fieldsOf: ({ rows: samples, indexOf }, isLast) => ({
          samples,
          ...(measures && { measures: sliceMeasures(measures, indexOf(0), indexOf(samples.length)) }),
          ...(isLast && report && { report }),
        }),
      });
    },
    requireRoomForBatch: () => requireRoom('batch'),
    loadAccess: (nowMs) => read(() => ({ tokens: readTokens(), sessions: readSessions(nowMs) })),
    createToken: (token, entry) => writer.submit('createToken', { token, entry }),
    revokeToken: (name, entry) => writer.submit('revokeToken', { name, entry }),
    saveTokenUses: (uses) => writer.submit('saveTokenUses', { uses: [...uses] }),
    startSession: (session, entry, maxOfUser) => writer.submit('startSession', { session, entry, maxOfUser }),
    endSessions: (hashes, entry) => writer.submit('endSessions', { hashes, entry }),
    endSessionsOf: (user, entry) => writer.submit('endSessionsOf', { user, entry }),
    listAudit: (page) => read(() => readAudit(page)),
    recordNotices: (list) => writer.submit('recordNotices', { notices: list }),
    readTold: (sinceMs) => compute((connection) => readTold(connection, sinceMs)),
    steadyNotices: (nowMs, isStart) => writer.submit('steadyNotices', { nowMs, isStart }),
    listDue: (way, nowMs, limit) => read(() => notices.due(way, nowMs, limit)),
    claimDelivery: (notice, way) => writer.submit('claimDelivery', { notice, way }),
    settleDelivery: (notice, way, outcome) => writer.submit('settleDelivery', { notice, way, outcome }),
    listNotices: (page) => read(() => notices.list(page)),
    recordAct: (act, entry) => writer.submit('recordAct', { act, entry }),
    settleAct: (job, state, error) => writer.submit('settleAct', { job, state, error }),
    listActs: (sinceMs, limit) => read(() => notices.acts(sinceMs, limit)),
    saveDigestWish: (user, isWanted, nowMs) => writer.submit('saveDigestWish', { user, isWanted, nowMs }),
    listDigestRefusals: () => read(notices.refusals),
    readLinkSecret: () => read(notices.linkSecret),
    countJobs: () => read(() => jobs.totals()),
    countThroughput: () => read(readThroughput),
    countFindings: () => read(countFindings),
    countRunningFindings: () => read(countRunningFindings),
    checkWritable: () => writer.probe(),
    async expire(retention, nowMs) {
      const { setAside: messages, ...step } = await writer.submit('expire', {
        retention,
        nowMs,
        maxUnsealed: maxUnsealedSamples,
      });
      setAside += messages.length;
      for (const message of messages) onNotice({ level: 'error', event: 'data_set_aside', message });
      onExpire(step);
      return step.hasMore;
    },
    status: () => ({
      queueLength: writer.queuedRows,
      unsealedSamples: writer.unsealedSamples,
      sealUrgency: urgencyOf(writer.unsealedSamples, maxUnsealedSamples),
      refusedUnsealed,
      databaseBytes: sizeOf(path) + sizeOf(`${path}-wal`),
      setAside,
    }),

    watchChanges: (tell) => writer.watch(tell),
    findOwners: (ids) => firstOf(streamFirst((connection) => readOwners(connection, ids))),
    findJobsOfRuns: (sluids) => firstOf(streamFirst((connection) => readJobsOfRuns(connection, sluids))),

    recordHistory: (rows) => writer.submit('recordHistory', { rows }),
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
