import type { BatchMeasures } from '../../../domain/batch-measures.ts';
import type { Change } from '../../../domain/changes.ts';
import type { JobPatch, NewJob, PastJob } from '../../../domain/job.ts';
import type { ReceivedReport } from '../../../domain/node-report.ts';
import type { HistoryRow } from '../../../domain/overview/history.ts';
import type { Report } from '../../../domain/report.ts';
import type { NewSample } from '../../../domain/sample.ts';
import type { AuditEntry, Session, Token } from '../../../domain/store/access.ts';
import type { Retention } from '../../../domain/store/upkeep.ts';
import type { RowMeasures } from '../../chunk/row-measures.ts';
import type { AuditWriter } from '../access/audit.ts';
import type { sessionWriter } from '../access/sessions.ts';
import type { tokenWriter } from '../access/tokens.ts';
import type { historyWriter } from '../history/retention.ts';
import type { jobWriter } from '../jobs/write.ts';
import type { ClusterHistoryWriter } from '../nodes/cluster-history.ts';
import type { NodeReportWriter } from '../nodes/reports.ts';
import type { NoticeWriter } from '../notices/write.ts';
import type { reportWriter } from '../runs/apply-reports.ts';
import type { SampleBatch, sampleWriter } from '../samples/record.ts';
import type { stateWriter } from '../state.ts';
import { JOB_ROW_COST, VALUES_OF_SAMPLE } from './limits.ts';
import { NOTICE_APPLIES, type NoticeWriteFields } from './notice-writes.ts';

// The kinds of writes: what each carries (WriteFields) and how it is treated
// (WRITES). A new kind is a line in each; the compiler asks for every column.
// Both threads load this file, so it imports only types of the writers.

/** What each kind of write carries from the main thread to the writing thread. */
export interface WriteFields extends NoticeWriteFields {
  readonly createJob: { readonly job: NewJob; readonly nowMs: number };
  readonly createJobs: { readonly jobs: readonly PastJob[] };
  readonly updateJob: { readonly id: string; readonly patch: JobPatch; readonly nowMs: number };
  readonly deleteJob: { readonly id: string; readonly entry?: AuditEntry | undefined };
  readonly applyReports: { readonly reports: readonly Report[] };
  readonly recordSample: { readonly jobId: string; readonly sample: NewSample };
  /** `names` and `further` are added on arrival. */
  readonly recordSamples: SampleBatch & { readonly report?: ReceivedReport };
  readonly createToken: { readonly token: Token; readonly entry: AuditEntry };
  readonly revokeToken: { readonly name: string; readonly entry: AuditEntry };
  readonly saveTokenUses: { readonly uses: readonly (readonly [name: string, timeMs: number])[] };
  readonly startSession: {
    readonly session: Session;
    readonly entry: AuditEntry;
    readonly maxOfUser: number | undefined;
  };
  readonly endSessions: { readonly hashes: readonly string[]; readonly entry: AuditEntry };
  readonly endSessionsOf: { readonly user: string; readonly entry: AuditEntry };
  readonly judgeAnew: object;
  readonly recordHistory: { readonly rows: readonly HistoryRow[] };
  readonly saveState: { readonly name: string; readonly value: number };
  /** `maxUnsealed`: most samples that may be unsealed; the default of domain/unsealed.ts if omitted. */
  readonly expire: {
    readonly retention: Retention;
    readonly nowMs: number;
    readonly maxUnsealed?: number;
  };
  /** Proves that a commit of this size is possible. */
  readonly probe: { readonly bytes: number };
}

export type WriteKind = keyof WriteFields;
export type Write<Kind extends WriteKind = WriteKind> = {
  [One in Kind]: { readonly kind: One } & WriteFields[One];
}[Kind];

/** What a write resolves to. */
export type WriteValue<Kind extends WriteKind> = ReturnType<(typeof WRITES)[Kind]['apply']>;

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
  readonly judgeAnew: () => number;
  readonly saveState: ReturnType<typeof stateWriter>;
  readonly notices: NoticeWriter;
  readonly probe: (bytes: number) => void;
}

/**
 * How a write queues: `single` writes go first and share a commit; a large
 * part of a `batch` has a commit of its own; so has a `step` of the service's
 * own work. Large parts and steps are committed in turn with all others.
 */
export type Lane = 'single' | 'batch' | 'step';

/** How one kind of write is treated. */
interface WriteRule<One> {
  readonly lane: Lane;
  /** Jobs and samples that count against the limit of the queue. */
  rows(write: One): number;
  /** In samples; see limits.ts. */
  cost(write: One): number;
  /** Whether samples of its group that are still buffered must be in the database before it is applied. */
  readonly readsSamples: boolean;
  /** Jobs whose cached series it makes wrong. */
  forgets(write: One): readonly string[];
  /**
   * What it changed, for those who watch; undefined if that is nothing. `hasStored` is false if all rows of a
   * batch were stored before or refused.
   */
  changes(write: One, hasStored: boolean): Change | undefined;
  /** Applies it; throws AppError when a rule refuses it. */
  apply(writers: Writers, write: One): unknown;
}

const one = () => 1;
const none = () => 0;
const noJobs = (): readonly string[] => [];
const nothing = () => undefined;
const idsOf = (rows: readonly { readonly id: string }[]): readonly string[] => rows.map(({ id }) => id);
/** A small write that has nothing to do with jobs and samples. */
const SMALL = {
  lane: 'single',
  rows: one,
  cost: one,
  readsSamples: false,
  forgets: noJobs,
  changes: nothing,
} as const;

export const jobCost = ({ nodes = [] }: { readonly nodes?: readonly string[] | undefined }): number =>
  JOB_ROW_COST * (1 + nodes.length);
const jobCosts = (jobs: readonly Parameters<typeof jobCost>[0][]): number =>
  jobs.reduce((sum, job) => sum + jobCost(job), 0);

/** Returns the cost of each of `count` samples with further measures. */
export function sampleCost(count: number, measures: BatchMeasures | RowMeasures | undefined): number {
  if (!measures || count === 0) return 1;
  const { columns, gpus } = measures;
  const values = columns.size * count + (gpus ? (1 + gpus.columns.size) * gpus.samples.length : 0);
  return 1 + values / count / VALUES_OF_SAMPLE;
}

/** Samples name their job, or their run by its SLUID. */
function measuredOf(
  samples: readonly { readonly jobId: string; readonly sluid?: string | undefined }[],
): Change {
  const measured: string[] = [];
  const measuredRuns: string[] = [];
  for (const { jobId, sluid } of samples) {
    if (sluid === undefined) measured.push(jobId);
    else measuredRuns.push(sluid);
  }
  return { measured, measuredRuns };
}

const WRITES = {
  createJob: {
    lane: 'single',
    rows: one,
    cost: ({ job }) => jobCost(job),
    readsSamples: true,
    forgets: noJobs,
    changes: ({ job }) => ({ jobs: [job.id] }),
    apply: ({ jobs }, { job, nowMs }) => jobs.create(job, nowMs),
  },
  createJobs: {
    lane: 'batch',
    rows: ({ jobs }) => jobs.length,
    cost: ({ jobs }) => jobCosts(jobs),
    readsSamples: true,
    forgets: noJobs,
    changes: ({ jobs }, hasStored) => (hasStored ? { jobs: idsOf(jobs) } : undefined),
    apply: (writers, { jobs }) => writers.jobs.createMany(jobs),
  },
  updateJob: {
    lane: 'single',
    rows: one,
    cost: one,
    readsSamples: true,
    forgets: ({ id }) => [id],
    changes: ({ id }) => ({ jobs: [id] }),
    apply: ({ jobs }, { id, patch, nowMs }) => jobs.update(id, patch, nowMs),
  },
  deleteJob: {
    lane: 'single',
    rows: one,
    cost: one,
    readsSamples: true,
    forgets: ({ id }) => [id],
    changes: ({ id }) => ({ jobs: [id] }),
    apply({ jobs, audit }, { id, entry }) {
      jobs.delete(id);
      if (entry) audit.record(entry);
    },
  },
  applyReports: {
    lane: 'batch',
    rows: ({ reports }) => reports.length,
    cost: ({ reports }) => jobCosts(reports),
    readsSamples: true,
    forgets: ({ reports }) => idsOf(reports),
    changes: ({ reports }, hasStored) => (hasStored ? { jobs: idsOf(reports) } : undefined),
    apply: (writers, { reports }) => writers.reports.record(reports),
  },
  recordSample: {
    lane: 'single',
    rows: one,
    cost: one,
    readsSamples: false,
    // The writers of samples update what they have cached.
    forgets: noJobs,
    changes: ({ jobId }) => ({ measured: [jobId] }),
    apply: ({ samples }, { jobId, sample }) => samples.record(jobId, sample),
  },
  recordSamples: {
    lane: 'batch',
    rows: ({ samples, report }) => samples.length + Number(report !== undefined),
    cost: ({ samples, further, report }) =>
      samples.length * sampleCost(samples.length, further) + Number(report !== undefined),
    readsSamples: false,
    forgets: noJobs,
    changes: ({ samples, report }, hasStored) => ({
      ...(hasStored && measuredOf(samples)),
      nodes: report !== undefined,
    }),
    apply(writers, { report, ...batch }) {
      if (report) writers.nodeReports.save(report);
      return writers.samples.recordMany(batch);
    },
  },
  createToken: { ...SMALL, apply: ({ tokens }, { token, entry }) => tokens.create(token, entry) },
  revokeToken: { ...SMALL, apply: ({ tokens }, { name, entry }) => tokens.revoke(name, entry) },
  saveTokenUses: { ...SMALL, apply: ({ tokens }, { uses }) => tokens.saveUses(uses) },
  startSession: {
    ...SMALL,
    apply: ({ sessions }, { session, entry, maxOfUser }) => sessions.start(session, entry, maxOfUser),
  },
  endSessions: { ...SMALL, apply: ({ sessions }, { hashes, entry }) => sessions.end(hashes, entry) },
  endSessionsOf: { ...SMALL, apply: ({ sessions }, { user, entry }) => sessions.endOf(user, entry) },
  judgeAnew: { ...SMALL, apply: ({ judgeAnew }) => judgeAnew() },
  recordHistory: { ...SMALL, apply: ({ clusterHistory }, { rows }) => clusterHistory.record(rows) },
  saveState: { ...SMALL, apply: ({ saveState }, { name, value }) => saveState(name, value) },
  recordNotices: { ...SMALL, apply: NOTICE_APPLIES.recordNotices },
  steadyNotices: { ...SMALL, apply: NOTICE_APPLIES.steadyNotices },
  claimDelivery: { ...SMALL, apply: NOTICE_APPLIES.claimDelivery },
  settleDelivery: { ...SMALL, apply: NOTICE_APPLIES.settleDelivery },
  recordAct: { ...SMALL, apply: NOTICE_APPLIES.recordAct },
  settleAct: { ...SMALL, apply: NOTICE_APPLIES.settleAct },
  saveDigestWish: { ...SMALL, apply: NOTICE_APPLIES.saveDigestWish },
  expire: {
    lane: 'step',
    rows: none,
    cost: none,
    readsSamples: true,
    // It clears the cache itself when it has deleted jobs.
    forgets: noJobs,
    changes: nothing,
    apply: ({ history }, { retention, nowMs, maxUnsealed }) => history.expire(retention, nowMs, maxUnsealed),
  },
  probe: {
    lane: 'single',
    rows: none,
    cost: none,
    readsSamples: false,
    forgets: noJobs,
    changes: nothing,
    apply: ({ probe }, { bytes }) => probe(bytes),
  },
} satisfies { readonly [Kind in WriteKind]: WriteRule<Write<Kind>> };

/** The rule of a write's kind. */
export const ruleOf = (write: Write): WriteRule<Write> => WRITES[write.kind] as WriteRule<Write>;
