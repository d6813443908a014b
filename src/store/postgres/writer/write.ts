import type { FoundRun } from '../../rows/judged.ts';
import type { Write, WriteKind, WriteValues } from '../../writer/write.ts';
import type { AuditWriter } from '../access/audit.ts';
import type { sessionWriter } from '../access/sessions.ts';
import type { tokenWriter } from '../access/tokens.ts';
import type { historyWriter } from '../history/retention.ts';
import type { jobWriter } from '../jobs/write.ts';
import type { ClusterHistoryWriter } from '../nodes/cluster-history.ts';
import type { NodeReportWriter } from '../nodes/reports.ts';
import type { NoticeWriter } from '../notices/write.ts';
import type { reportWriter } from '../runs/apply-reports.ts';
import type { sampleWriter } from '../samples/record.ts';

/** What writes are applied with, inside a transaction of the connection that writes. */
export interface Writers {
  readonly jobs: ReturnType<typeof jobWriter>;
  readonly reports: ReturnType<typeof reportWriter>;
  readonly samples: ReturnType<typeof sampleWriter>;
  readonly nodeReports: NodeReportWriter;
  readonly clusterHistory: ClusterHistoryWriter;
  readonly notices: NoticeWriter;
  readonly history: ReturnType<typeof historyWriter>;
  readonly tokens: ReturnType<typeof tokenWriter>;
  readonly sessions: ReturnType<typeof sessionWriter>;
  readonly audit: AuditWriter;
  readonly judgeAnew: () => Promise<number>;
  readonly keepRunningFindings: (found: readonly FoundRun[]) => Promise<void>;
  readonly saveState: (name: string, value: number) => void;
  readonly probe: (bytes: number) => void;
}

/** Applies each kind of write; rejects with AppError when a rule refuses it. */
const APPLY = {
  createJob: ({ jobs }, { job, nowMs }) => jobs.create(job, nowMs),
  createJobs: (writers, { jobs }) => writers.jobs.createMany(jobs),
  updateJob: ({ jobs }, { id, patch, nowMs }) => jobs.update(id, patch, nowMs),
  async deleteJob({ jobs, audit }, { id, entry }) {
    await jobs.delete(id);
    if (entry) audit.record(entry);
  },
  applyReports: (writers, { reports }) => writers.reports.record(reports),
  recordSample: ({ samples }, { jobId, sample }) => samples.record(jobId, sample),
  async recordSamples(writers, { report, ...batch }) {
    if (report) await writers.nodeReports.save(report);
    return writers.samples.recordMany(batch);
  },
  createToken: ({ tokens }, { token, entry }) => tokens.create(token, entry),
  revokeToken: ({ tokens }, { name, entry }) => tokens.revoke(name, entry),
  saveTokenUses: async ({ tokens }, { uses }) => tokens.saveUses(uses),
  startSession: ({ sessions }, { session, entry, maxOfUser }) => sessions.start(session, entry, maxOfUser),
  endSessions: ({ sessions }, { hashes, entry }) => sessions.end(hashes, entry),
  endSessionsOf: ({ sessions }, { user, entry }) => sessions.endOf(user, entry),
  judgeAnew: ({ judgeAnew }) => judgeAnew(),
  keepRunningFindings: (writers, { found }) => writers.keepRunningFindings(found),
  recordNotices: (writers, { notices }) => writers.notices.record(notices),
  steadyNotices: ({ notices }, { nowMs, isStart }) => notices.steady(nowMs, isStart),
  claimDelivery: ({ notices }, { notice, way }) => notices.claim(notice, way),
  settleDelivery: async ({ notices }, { notice, way, outcome }) => notices.settle(notice, way, outcome),
  recordAct: async ({ notices }, { act, entry }) => notices.recordAct(act, entry),
  settleAct: async ({ notices }, { job, state, error }) => notices.settleAct(job, state, error),
  saveDigestWish: async ({ notices }, { user, isWanted, nowMs }) =>
    notices.saveDigestWish(user, isWanted, nowMs),
  recordHistory: async ({ clusterHistory }, { rows }) => clusterHistory.record(rows),
  saveState: async ({ saveState }, { name, value }) => saveState(name, value),
  expire: ({ history }, { retention, nowMs, maxUnsealed }) => history.expire(retention, nowMs, maxUnsealed),
  probe: async ({ probe }, { bytes }) => probe(bytes),
} satisfies {
  readonly [Kind in WriteKind]: (writers: Writers, write: Write<Kind>) => Promise<WriteValues[Kind]>;
};

/** Applies a write; rejects with AppError when a rule refuses it. */
export const applyWrite = (writers: Writers, write: Write): Promise<unknown> =>
  (APPLY[write.kind] as (writers: Writers, write: Write) => Promise<unknown>)(writers, write);
