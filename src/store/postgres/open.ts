import { DEFAULT_THRESHOLDS } from '../../domain/finding/thresholds.ts';
import type { StoreOptions } from '../../domain/store/options.ts';
import type { Store } from '../../domain/store/store.ts';
import { storeWrites } from '../writer/writes.ts';
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
  { thresholds = DEFAULT_THRESHOLDS, readsFrom, ...options }: StoreOptions,
): Store {
  const client = openClient(readsFrom ?? address, READ_CONNECTIONS, IDLE_SECONDS, readsFrom !== undefined);
  const reads = storeReads(client);
  const { read, compute, stream } = reads;
  const size = databaseSize(reads);
  let closed: Promise<void> | undefined;

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
    ...storeWrites({ ...options, writer, databaseBytes: () => size.bytes() }),
    seenBy,
    listRequeued: (sinceMs) => read((db) => listRequeued(db, sinceMs)),
    listUnconfirmed: (sinceMs) => read((db) => listUnconfirmed(db, sinceMs)),
    readState: (name) => read((db) => readState(db, name)),
    loadAccess: (nowMs) =>
      read(async (db) => ({ tokens: await readTokens(db), sessions: await readSessions(db, nowMs) })),
    listAudit: (page) => read((db) => readAudit(db, page)),
    readTold: (sinceMs) => compute((db) => readTold(db, sinceMs)),
    listDue: (way, nowMs, limit) => read((db) => readDue(db, way, nowMs, limit)),
    listNotices: (page) => read((db) => readNotices(db, page)),
    listActs: (sinceMs, limit) => read((db) => readActs(db, sinceMs, limit)),
    listDigestRefusals: () => read(readRefusals),
    readLinkSecret: () => read(readLinkSecret),
    countJobs: () => read(readTotals),
    countThroughput: () => read(readThroughput),
    countFindings: () => read(countFindings),
    countRunningFindings: () => read((db) => countRunningFindings(db)),

    watchChanges,
    findOwners: (ids) => read((db) => readOwners(db, ids)),
    findJobsOfRuns: (sluids) =>
      read(async (db) => {
        const runs = await findNamedRuns(db, sluids);
        return new Map(Array.from(runs, ([sluid, { jobId }]) => [sluid, jobId]));
      }),

    async judgeRunning(nowMs, limit, signal) {
      const { found, ...judged } = await reads.compute((db) => judge(db, nowMs, limit), signal);
      if (found.length > 0 || judged.isLast) await writer.submit('keepRunningFindings', { found });
      return judged;
    },

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
