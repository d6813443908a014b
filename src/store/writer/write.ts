import type { BatchMeasures } from '../../domain/batch-measures.ts';
import type { Change } from '../../domain/changes.ts';
import type { JobPatch, NewJob, PastJob } from '../../domain/job.ts';
import type { ReceivedReport } from '../../domain/node-report.ts';
import type { HistoryRow } from '../../domain/overview/history.ts';
import type { Report } from '../../domain/report.ts';
import type { NewSample } from '../../domain/sample.ts';
import type { AuditEntry, Session, Token } from '../../domain/store/access.ts';
import type { BatchResult } from '../../domain/store/batch.ts';
import type { JobSample } from '../../domain/store/samples.ts';
import type { Store } from '../../domain/store/store.ts';
import type { ExpireStep, Retention } from '../../domain/store/upkeep.ts';
import type { RowMeasures } from '../chunk/row-measures.ts';
import type { FoundRun } from '../rows/judged.ts';
import type { BatchNames } from './batch-names.ts';
import { JOB_ROW_COST, VALUES_OF_SAMPLE } from './limits.ts';
import type { NoticeWriteFields } from './notice-writes.ts';

// The kinds of writes of any engine: what each carries (WriteFields) and how it is treated (WRITES). A new
// kind is a line in each, and one in `writer/write.ts` of each engine, which applies it; the compiler asks
// for all of them.

/** A batch of samples. Batches with equal names share one object of `names`. */
export interface SampleBatch {
  readonly samples: readonly JobSample[];
  readonly names?: BatchNames | undefined;
  /** Further measures of the samples, as they are submitted. */
  readonly measures?: BatchMeasures | undefined;
  /** The same, each GPU named once. */
  readonly further?: RowMeasures | undefined;
}

/** What each kind of write carries. */
export interface WriteFields extends NoticeWriteFields {
  readonly createJob: { readonly job: NewJob; readonly nowMs: number };
  readonly createJobs: { readonly jobs: readonly PastJob[] };
  readonly updateJob: { readonly id: string; readonly patch: JobPatch; readonly nowMs: number };
  readonly deleteJob: { readonly id: string; readonly entry?: AuditEntry | undefined };
  readonly applyReports: { readonly reports: readonly Report[] };
  readonly recordSample: { readonly jobId: string; readonly sample: NewSample };
  /** `names` and `further` are added on the way to the tables. */
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
  readonly keepRunningFindings: { readonly found: readonly FoundRun[] };
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

type OfBatch = 'createJobs' | 'applyReports' | 'recordSamples';
type OfWriter = 'createJob' | 'keepRunningFindings' | 'probe';
type Nothing = Awaited<Promise<void>>;

/** What each kind of write resolves to; most resolve to what the method of `Store` with their name does. */
export type WriteValues = { readonly [Kind in OfBatch]: BatchResult } & {
  readonly [Kind in OfWriter]: Nothing;
} & { readonly expire: ExpireStep & { readonly setAside: readonly string[] } } & {
  readonly [Kind in Exclude<WriteKind, OfBatch | OfWriter | 'expire'>]: Awaited<ReturnType<Store[Kind]>>;
};

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
}

/** Changing the findings of a run takes as long as storing so many samples. */
const FINDING_COST = 10;

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
  },
  createJobs: {
    lane: 'batch',
    rows: ({ jobs }) => jobs.length,
    cost: ({ jobs }) => jobCosts(jobs),
    readsSamples: true,
    forgets: noJobs,
    changes: ({ jobs }, hasStored) => (hasStored ? { jobs: idsOf(jobs) } : undefined),
  },
  updateJob: {
    lane: 'single',
    rows: one,
    cost: one,
    readsSamples: true,
    forgets: ({ id }) => [id],
    changes: ({ id }) => ({ jobs: [id] }),
  },
  deleteJob: {
    lane: 'single',
    rows: one,
    cost: one,
    readsSamples: true,
    forgets: ({ id }) => [id],
    changes: ({ id }) => ({ jobs: [id] }),
  },
  applyReports: {
    lane: 'batch',
    rows: ({ reports }) => reports.length,
    cost: ({ reports }) => jobCosts(reports),
    readsSamples: true,
    forgets: ({ reports }) => idsOf(reports),
    changes: ({ reports }, hasStored) => (hasStored ? { jobs: idsOf(reports) } : undefined),
  },
  recordSample: {
    lane: 'single',
    rows: one,
    cost: one,
    readsSamples: false,
    // The writers of samples update what they have cached.
    forgets: noJobs,
    changes: ({ jobId }) => ({ measured: [jobId] }),
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
  },
  createToken: SMALL,
  revokeToken: SMALL,
  saveTokenUses: SMALL,
  startSession: SMALL,
  endSessions: SMALL,
  endSessionsOf: SMALL,
  judgeAnew: SMALL,
  keepRunningFindings: {
    ...SMALL,
    rows: ({ found }) => found.length,
    cost: ({ found }) => FINDING_COST * found.length,
  },
  recordNotices: SMALL,
  steadyNotices: SMALL,
  claimDelivery: SMALL,
  settleDelivery: SMALL,
  recordAct: SMALL,
  settleAct: SMALL,
  saveDigestWish: SMALL,
  recordHistory: SMALL,
  saveState: SMALL,
  expire: {
    lane: 'step',
    rows: none,
    cost: none,
    readsSamples: true,
    // It clears the cache itself when it has deleted jobs.
    forgets: noJobs,
    changes: nothing,
  },
  probe: {
    lane: 'single',
    rows: none,
    cost: none,
    readsSamples: false,
    forgets: noJobs,
    changes: nothing,
  },
} satisfies { readonly [Kind in WriteKind]: WriteRule<Write<Kind>> };

/** The rule of a write's kind. */
export const ruleOf = (write: Write): WriteRule<Write> => WRITES[write.kind] as WriteRule<Write>;
