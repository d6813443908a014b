import { sliceMeasures } from '../../domain/batch-measures.ts';
import { tooManyUnsealed } from '../../domain/errors.ts';
import { DEFAULT_THRESHOLDS } from '../../domain/finding/thresholds.ts';
import { newJob } from '../../domain/job.ts';
import type { BatchResult } from '../../domain/store/batch.ts';
import type { StoreOptions } from '../../domain/store/options.ts';
import type { Store } from '../../domain/store/store.ts';
import { isRefused, MAX_UNSEALED_SAMPLES, urgencyOf } from '../../domain/unsealed.ts';
import { cutJobs, cutParts, joinResults, type Part } from '../writer/parts.ts';
import { jobCost, sampleCost, type WriteFields } from '../writer/write.ts';
import { readAudit } from './access/audit.ts';
import { readSessions } from './access/sessions.ts';
import { readTokens } from './access/tokens.ts';
import { runningJudge } from './findings/running.ts';
import { readLiveSeries } from './jobs/live.ts';
import { readOwners } from './jobs/owners.ts';
import { readTotals } from './jobs/read.ts';
import { readThroughput } from './jobs/throughput.ts';
import { jobLists } from './lists/lists.ts';
import { readClusterHistory, readLastHistory } from './nodes/cluster-history.ts';
import { readNodeJobs } from './nodes/jobs.ts';
import { readNodeReport, readNodeReports } from './nodes/reports.ts';
import { readActs, readDue, readLinkSecret, readNotices, readRefusals, readTold } from './notices/read.ts';
import { listRequeued } from './runs/requeued.ts';
import { findNamedRuns } from './runs/sluid.ts';
import { listUnconfirmed } from './runs/unconfirmed.ts';
import { openClient } from './server/connect.ts';
import { requireOwnSession, requireSameDatabase } from './server/pool.ts';
import { READ_CONNECTIONS, storeReads } from './server/reads.ts';
import { databaseSize } from './server/size.ts';
import { readState } from './state.ts';
import { countFindings, countRunningFindings } from './tallies/findings.ts';
import { viewReader } from './views.ts';
import { type OpenedWriter, openWriter } from './writer/open.ts';

/** Connections for reads that nobody needs are closed after a minute. */
const IDLE_SECONDS = 60;

/**
 * Opens a PostgreSQL database, takes its lock, and migrates it to the newest version. With `standsBy`, and if
 * another service has the lock, answers reads and waits for the lock. Rejects with OperatorError if the
 * server or the database does not allow it.
 */
export async function openPostgres(address: string, options: StoreOptions = {}): Promise<Store> {
  await requireOwnSession(address);
  const opened = await openWriter(address, options);
  const { readsFrom } = options;
  try {
    if (readsFrom !== undefined) await requireSameDatabase(address, readsFrom);
  } catch (error) {
    await opened.close();
    throw error;
  }
  return postgresStore(address, opened, options);
}

function postgresStore(
  address: string,
  { writer, watchChanges, duties, close: closeWriter }: OpenedWriter,
  {
    onExpire = () => {},
    onNotice = () => {},
    areBatchesWhole = false,
    maxUnsealedSamples = MAX_UNSEALED_SAMPLES,
    thresholds = DEFAULT_THRESHOLDS,
    readsFrom,
  }: StoreOptions,
): Store {
  const client = openClient(readsFrom ?? address, READ_CONNECTIONS, IDLE_SECONDS, readsFrom !== undefined);
  const reads = storeReads(client);
  const { read, compute, stream } = reads;
  const size = databaseSize(reads);
  let closed: Promise<void> | undefined;
  let setAside = 0;
  let refusedUnsealed = 0;

  function requireRoom(kind: 'batch' | 'single'): void {
    if (!isRefused(writer.unsealedSamples, maxUnsealedSamples, kind)) return;
    refusedUnsealed++;
    throw tooManyUnsealed(writer.unsealedSamples);
  }

  async function submitBatch<Kind extends 'createJobs' | 'applyReports' | 'recordSamples', Row>(
    kind: Kind,
    rows: readonly Row[],
    cut: (rows: readonly Row[]) => readonly Part<Row>[],
    fieldsOf: (part: Part<Row>, isLast: boolean) => WriteFields[Kind],
  ): Promise<BatchResult> {
    const parts = areBatchesWhole ? [{ rows, indexOf: (row: number) => row }] : cut(rows);
    const fields = parts.map((part, index) => fieldsOf(part, index === parts.length - 1));
    return joinResults(parts, await writer.submitParts(kind, fields));
  }

  async function close(): Promise<void> {
    reads.close();
    await closeWriter();
    await client.close({ timeout: 1 });
  }

  const judge = runningJudge(thresholds);
  const seenBy = viewReader(reads, jobLists(reads));

  return {
    ...seenBy('all'),
    ...duties,
    seenBy,
    createJob: async (job, nowMs) => {
      await writer.submit('createJob', { job, nowMs });
      // The writer has stored the same, so nothing is read back.
      return newJob(job, nowMs);
    },
    createJobs: (list) =>
      submitBatch(
        'createJobs',
        list,
        (rows) => cutJobs(rows, jobCost),
        ({ rows }) => ({ jobs: rows }),
      ),
    applyReports: (list) =>
      submitBatch(
        'applyReports',
        list,
        (rows) => cutParts(rows, jobCost),
        ({ rows }) => ({ reports: rows }),
      ),
    listRequeued: (sinceMs) => read((db) => listRequeued(db, sinceMs)),
    listUnconfirmed: (sinceMs) => read((db) => listUnconfirmed(db, sinceMs)),
    readState: (name) => read((db) => readState(db, name)),
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
      return submitBatch(
        'recordSamples',
        list,
        (rows) => cutParts(rows, () => cost),
        ({ rows: samples, indexOf }, isLast) => ({
          samples,
          ...(measures && { measures: sliceMeasures(measures, indexOf(0), indexOf(samples.length)) }),
          ...(isLast && report && { report }),
        }),
      );
    },
    requireRoomForBatch: () => requireRoom('batch'),
    loadAccess: (nowMs) =>
      read(async (db) => ({ tokens: await readTokens(db), sessions: await readSessions(db, nowMs) })),
    createToken: (token, entry) => writer.submit('createToken', { token, entry }),
    revokeToken: (name, entry) => writer.submit('revokeToken', { name, entry }),
    saveTokenUses: (uses) => writer.submit('saveTokenUses', { uses: [...uses] }),
    startSession: (session, entry, maxOfUser) => writer.submit('startSession', { session, entry, maxOfUser }),
    endSessions: (hashes, entry) => writer.submit('endSessions', { hashes, entry }),
    endSessionsOf: (user, entry) => writer.submit('endSessionsOf', { user, entry }),
    listAudit: (page) => read((db) => readAudit(db, page)),
    recordNotices: (list) => writer.submit('recordNotices', { notices: list }),
    readTold: (sinceMs) => compute((db) => readTold(db, sinceMs)),
    steadyNotices: (nowMs, isStart) => writer.submit('steadyNotices', { nowMs, isStart }),
    listDue: (way, nowMs, limit) => read((db) => readDue(db, way, nowMs, limit)),
    claimDelivery: (notice, way) => writer.submit('claimDelivery', { notice, way }),
    settleDelivery: (notice, way, outcome) => writer.submit('settleDelivery', { notice, way, outcome }),
    listNotices: (page) => read((db) => readNotices(db, page)),
    recordAct: (act, entry) => writer.submit('recordAct', { act, entry }),
    settleAct: (job, state, error) => writer.submit('settleAct', { job, state, error }),
    listActs: (sinceMs, limit) => read((db) => readActs(db, sinceMs, limit)),
    saveDigestWish: (user, isWanted, nowMs) => writer.submit('saveDigestWish', { user, isWanted, nowMs }),
    listDigestRefusals: () => read(readRefusals),
    readLinkSecret: () => read(readLinkSecret),
    countJobs: () => read(readTotals),
    countThroughput: () => read(readThroughput),
    countFindings: () => read(countFindings),
    countRunningFindings: () => read((db) => countRunningFindings(db)),
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
      databaseBytes: size.bytes(),
      setAside,
    }),

    watchChanges,
    findOwners: (ids) => read((db) => readOwners(db, ids)),
    findJobsOfRuns: (sluids) =>
      read(async (db) => {
        const runs = await findNamedRuns(db, sluids);
        return new Map(Array.from(runs, ([sluid, { jobId }]) => [sluid, jobId]));
      }),

    judgeAnew: () => writer.submit('judgeAnew', {}),
    async judgeRunning(nowMs, limit, signal) {
      const { found, ...judged } = await reads.compute((db) => judge(db, nowMs, limit), signal);
      if (found.length > 0 || judged.isLast) await writer.submit('keepRunningFindings', { found });
      return judged;
    },

    recordHistory: (rows) => writer.submit('recordHistory', { rows }),
    readHistory: (sinceMs, untilMs) => stream((db) => readClusterHistory(db, sinceMs, untilMs)),
    lastHistoryMs: () => read(readLastHistory),
    nodeReports: () => stream(readNodeReports),
    nodeReport: (node) => read((db) => readNodeReport(db, node)),
    nodeJobs: (node) => stream((db) => readNodeJobs(db, node)),
    liveSeries: (endedSinceMs) => stream((db) => readLiveSeries(db, endedSinceMs)),

    close(): Promise<void> {
      closed ??= close();
      return closed;
    },
  };
}
