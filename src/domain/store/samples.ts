import type { BatchMeasures } from '../batch-measures.ts';
import type { HeatMap } from '../heat-map.ts';
import type { GpuSummary, MeasureSummary } from '../measure-summary.ts';
import type { ReceivedReport } from '../node-report.ts';
import type { FieldName } from '../reading-fields.ts';
import type { Readings } from '../readings.ts';
import type { NewSample } from '../sample.ts';
import type { NodeTrace } from '../sample-trace.ts';
import type { Plot } from '../spans.ts';
import type { Sparklines } from '../sparkline.ts';
import type { UsageSummary } from '../summary.ts';
import type { BatchResult } from './batch.ts';

/** A range of times; both ends are inclusive. */
interface TimeRange {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/**
 * Selects readings of a job: those of all its nodes unless `node` is given, ascending in time unless `order`
 * is given.
 */
export interface ReadingQuery extends TimeRange {
  readonly node?: string;
  /** The number of a run, from 1, the oldest; the latest run if omitted. */
  readonly run?: number;
  readonly order?: 'asc' | 'desc';
  /** Codes of wanted further measures, each once: the columns of `Readings.further`, in this order. */
  readonly codes?: readonly number[];
  /**
   * One row for each GPU of a node, instead of each node, with the values of `codes`; GPUs without any have
   * none.
   */
  readonly by?: 'gpu';
}

/** Selects what a heat map shows: one field, a row a node, or with `by` a row a GPU. */
export interface HeatMapQuery extends Pick<ReadingQuery, 'fromMs' | 'toMs' | 'node' | 'run' | 'by'> {
  readonly field: FieldName;
  /** At most this many. */
  readonly columns: number;
}

/** A summary of all samples of a run. It outlives the samples. */
export interface JobSummary {
  readonly whole: MeasuredUsage;
  /** The nodes that reported, in the order of the job. */
  readonly nodes: readonly NodeSummary[];
}

export interface MeasuredUsage extends UsageSummary {
  /** The lasting further measures; absent if there are none. */
  readonly measured?: MeasureSummary;
}

export interface NodeSummary extends MeasuredUsage {
  readonly node: string;
  /** GPUs that the job held there and that were read; absent if there are none. */
  readonly gpus?: readonly GpuSummary[];
}

/** One row of a batch of samples. */
export interface JobSample extends NewSample {
  /** Empty if `sluid` names the run. */
  readonly jobId: string;
  /** Slurm's key of the run that was measured; it decides the run regardless of the time of the sample. */
  readonly sluid?: string;
}

/**
 * Samples and the readings made of them. See `Store` for the promises of all methods. Reads work in slices
 * beside other requests and reject with the reason of `signal` at the next slice once that is aborted.
 */
export interface SampleStore {
  /**
   * Stores one sample and updates the current usage of its node (domain `applySample`). Two samples of one
   * millisecond are both stored. Rejects with `not_found` for the job and with `validation_error` for a node
   * that is not one of the job's.
   */
  recordSample(jobId: string, sample: NewSample): Promise<void>;

  /**
   * Throws `unavailable` while so many samples are unsealed that `recordSamples` would reject, so that a
   * batch can be refused before it is read.
   */
  requireRoomForBatch(): void;

  /**
   * Stores samples of many jobs as a batch, each row under the rules of
   * `recordSample`. A row that is not `stamped` counts as repeated if a sample
   * of the same job, node and time is stored, so that senders may retry. `measures` are further values of
   * these samples; those of a refused or repeated row are dropped with it. `report` is stored with the last
   * of them, as the newest of its node unless a newer one is stored (domain `isNewerReport`).
   */
  recordSamples(
    samples: readonly JobSample[],
    measures?: BatchMeasures,
    report?: ReceivedReport,
  ): Promise<BatchResult>;

  /**
   * Returns the newest `limit` readings that match, in the order of the query, and the total number of
   * matches. Rejects with `not_found` for the job or run and with `validation_error` for a node that is not
   * one of the job's.
   */
  listSamples(
    jobId: string,
    query: ReadingQuery,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ samples: Readings; total: number }>;

  /**
   * Returns all readings that match as at most `maxPoints` points of equal spans (domain `plotSpans`), with
   * `by` for each GPU. Spans without readings have no point. Counters are the latest values, added up over
   * the nodes (domain `furtherCollector`). Rejects as `listSamples` does, and with `validation_error` if the
   * job has too many GPUs for one plot.
   */
  plotSamples(jobId: string, query: ReadingQuery, maxPoints: number, signal?: AbortSignal): Promise<Plot>;

  /**
   * Returns the sparklines of the latest runs of jobs, of at most `maxPoints` spans each (domain
   * `sparklineSpans`); an id that is unknown has none. Of samples that are not sealed yet only some are read.
   * After a bounded time of work, the jobs of most nodes are skipped.
   */
  readSparklines(jobIds: readonly string[], maxPoints: number, signal?: AbortSignal): Promise<Sparklines>;

  /**
   * Returns one field of all readings that match as a map of nodes, in the order of the job, or GPUs over
   * equal spans of time (domain `mostColumns`, `plotSpans`). Rejects as `plotSamples` does.
   */
  mapSamples(jobId: string, query: HeatMapQuery, signal?: AbortSignal): Promise<HeatMap>;

  /**
   * Returns how the samples of a run (the latest unless `run` is given) followed each other on each node that
   * has any, in the order of the job. Rejects with `not_found`.
   */
  traceSamples(jobId: string, run?: number, signal?: AbortSignal): Promise<readonly NodeTrace[]>;

  /**
   * Yields all readings that match, in order and in batches, from one consistent snapshot, within bounded
   * memory. Rejects as `listSamples` does, at the first batch.
   */
  streamSamples(jobId: string, query: ReadingQuery, signal?: AbortSignal): AsyncIterable<Readings>;

  /**
   * Summarizes all samples of one run (the latest unless `run` is given); for a running job, those so far.
   * The summary is stored as long as the job is. Rejects with `not_found`.
   */
  summarizeJob(jobId: string, run?: number, signal?: AbortSignal): Promise<JobSummary>;
}
