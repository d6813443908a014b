import type { Write, WriteKind, WriteValues } from '../../writer/write.ts';
import type { AuditWriter } from '../access/audit.ts';
import type { sessionWriter } from '../access/sessions.ts';
import type { tokenWriter } from '../access/tokens.ts';
import type { runningFindingKeeper } from '../findings/keep-running.ts';
import type { historyWriter } from '../history/retention.ts';
import type { jobWriter } from '../jobs/write.ts';
import type { ClusterHistoryWriter } from '../nodes/cluster-history.ts';
import type { NodeReportWriter } from '../nodes/reports.ts';
import type { NoticeWriter } from '../notices/write.ts';
import type { reportWriter } from '../runs/apply-reports.ts';
import type { sampleWriter } from '../samples/record.ts';
import type { stateWriter } from '../state.ts';
import { NOTICE_APPLIES } from './notice-writes.ts';

// How each kind of write is applied. Both threads load types of this file, so it imports only types of the
// writers.

/** What writes are applied with, inside a transaction of the writing thread. */
export interface Writers {
  readonly jobs: ReturnType<typeof jobWriter>;
  readonly reports: ReturnType<typeof reportWriter>;
  readonly samples: ReturnType<typeof sampleWriter>;
  readonly nodeReports: NodeReportWriter;
  readonly clusterHistory: ClusterHistoryWriter;
  readonly history: ReturnType<typeof historyWriter>;
  readonly tokens: ReturnType<typeof tokenWriter>;
  readonly sessions: ReturnType<typeof sessionWriter>;
  readonly audit: AuditWriter;
  readonly notices: NoticeWriter;
  readonly judgeAnew: () => number;
  readonly runningFindings: ReturnType<typeof runningFindingKeeper>;
  readonly saveState: ReturnType<typeof stateWriter>;
  readonly probe: (bytes: number) => void;
}

/** Applies each kind of write; throws AppError when a rule refuses it. */
const APPLY = {
  createJob: ({ jobs }, { job, nowMs }) => jobs.create(job, nowMs),
  createJobs: (writers, { jobs }) => writers.jobs.createMany(jobs),
  updateJob: ({ jobs }, { id, patch, nowMs }) => jobs.update(id, patch, nowMs),
  deleteJob({ jobs, audit }, { id, entry }) {
    jobs.delete(id);
    if (entry) audit.record(entry);
  },
  applyReports: (writers, { reports }) => writers.reports.record(reports),
  recordSample: ({ samples }, { jobId, sample }) => samples.record(jobId, sample),
  recordSamples(writers, { report, ...batch }) {
    if (report) writers.nodeReports.save(report);
    return writers.samples.recordMany(batch);
  },
  createToken: ({ tokens }, { token, entry }) => tokens.create(token, entry),
  revokeToken: ({ tokens }, { name, entry }) => tokens.revoke(name, entry),
  saveTokenUses: ({ tokens }, { uses }) => tokens.saveUses(uses),
  startSession: ({ sessions }, { session, entry, maxOfUser }) => sessions.start(session, entry, maxOfUser),
  endSessions: ({ sessions }, { hashes, entry }) => sessions.end(hashes, entry),
  endSessionsOf: ({ sessions }, { user, entry }) => sessions.endOf(user, entry),
  judgeAnew: ({ judgeAnew }) => judgeAnew(),
  keepRunningFindings: ({ runningFindings }, { found }) => runningFindings.keep(found),
  recordNotices: NOTICE_APPLIES.recordNotices,
  steadyNotices: NOTICE_APPLIES.steadyNotices,
  claimDelivery: NOTICE_APPLIES.claimDelivery,
  settleDelivery: NOTICE_APPLIES.settleDelivery,
  recordAct: NOTICE_APPLIES.recordAct,
  settleAct: NOTICE_APPLIES.settleAct,
  saveDigestWish: NOTICE_APPLIES.saveDigestWish,
  recordHistory: ({ clusterHistory }, { rows }) => clusterHistory.record(rows),
  saveState: ({ saveState }, { name, value }) => saveState(name, value),
  expire: ({ history }, { retention, nowMs, maxUnsealed }) => history.expire(retention, nowMs, maxUnsealed),
  probe: ({ probe }, { bytes }) => probe(bytes),
} satisfies { readonly [Kind in WriteKind]: (writers: Writers, write: Write<Kind>) => WriteValues[Kind] };

/** Applies a write; throws AppError when a rule refuses it. */
export const applyWrite = (writers: Writers, write: Write): unknown =>
  (APPLY[write.kind] as (writers: Writers, write: Write) => unknown)(writers, write);
