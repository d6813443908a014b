import { type ArrayHead, GET_ARRAY } from '../api/array.ts';
import type { SentBatchResult } from '../api/batch.ts';
import { SAVE_DIGEST_WISH } from '../api/digest.ts';
import { GET_FINDINGS, JUDGE_ANEW } from '../api/finding.ts';
import { GET_HEALTH } from '../api/health.ts';
import {
  HOOK_CALLED,
  type HookEventBody,
  JOB_FINISHED,
  JOB_STARTED,
  type JobFinishedBody,
  type JobStartedBody,
} from '../api/hook-event.ts';
import { DELETE_JOB, GET_JOB } from '../api/job.ts';
import { LIST_EVENTS } from '../api/job-event.ts';
import { LIST_JOBS, renderListQuery } from '../api/job-list.ts';
import { renderPatch, UPDATE_JOB } from '../api/job-patch.ts';
import { EVENT_STREAM, WATCH_CHANGES } from '../api/live.ts';
import { LIST_NAMES } from '../api/name.ts';
import { CREATE_JOB, renderNewJob } from '../api/new-job.ts';
import type { Operation, Query } from '../api/operation.ts';
import { GET_OVERVIEW } from '../api/overview.ts';
import { CREATE_JOBS, renderPastJob, type SentJob } from '../api/past-job.ts';
import {
  LIST_POLICIES,
  type PoliciesAnswer,
  TRY_POLICIES,
  type TrialAnswer,
  type TrialBody,
} from '../api/policy.ts';
import { GET_QUEUE, type QueueAnswer } from '../api/queue.ts';
import type { MeasuredReading, MeasureQuery } from '../api/reading.ts';
import { LIST_RUNS } from '../api/run.ts';
import { RECORD_SAMPLE, type Reading, renderNewSample, type SentSample } from '../api/sample.ts';
import { LIST_SAMPLES, renderReadingQuery } from '../api/sample-list.ts';
import type { SentRow } from '../api/sample-row.ts';
import { GET_SIZING } from '../api/sizing.ts';
import { GET_SUMMARY } from '../api/summary.ts';
import { GET_WASTE, type WasteAnswer } from '../api/waste.ts';
import type { Verdict } from '../domain/finding/verdict.ts';
import type { Job, JobPatch, NewJob } from '../domain/job.ts';
import type { NameKind } from '../domain/name.ts';
import type { Sizing } from '../domain/sizing/sizing.ts';
import type { BatchResult } from '../domain/store/batch.ts';
import type { JobEvent, JobRun } from '../domain/store/runs.ts';
import type { JobSummary } from '../domain/store/samples.ts';
import { AccessClient } from './access.ts';
import { readEvents, type StreamEvent } from './events.ts';
import type { JobPageQuery, JobQuery, SampleQuery } from './queries.ts';
import {
  toArray,
  toBatch,
  toDigestWish,
  toEvents,
  toHealth,
  toJob,
  toJobList,
  toJudgedAnew,
  toMeasured,
  toMeasuredReading,
  toNames,
  toOverview,
  toPolicies,
  toProcessed,
  toQueue,
  toReading,
  toRuns,
  toSample,
  toSamples,
  toSizing,
  toSummary,
  toTrial,
  toVerdict,
  toWaste,
} from './readers.ts';
import { sampleBatches } from './sample-batches.ts';
import type { CallOptions } from './transport.ts';

/**
 * Talks to a service. Every method rejects with a ClientError, or with the reason of `signal` once that is
 * aborted. Requests that may be repeated (`repeatable` of their operation) are retried when the service does
 * not answer or is `unavailable`.
 */
export class Client extends AccessClient {
  readonly #batches = sampleBatches((message, call) => this.ask(message, toBatch, call));

  /** Returns whether the service can store data, also when it cannot. */
  getHealth(call?: CallOptions) {
    return this.ask({ operation: GET_HEALTH }, toHealth, call);
  }

  /** Returns the cluster as the user may see it. */
  getOverview(call?: CallOptions) {
    return this.ask({ operation: GET_OVERVIEW }, toOverview, call);
  }

  /** Returns one page of jobs. */
  listJobs({ order, limit, offset, cursor, ...filter }: JobPageQuery = {}, call?: CallOptions) {
    const page = { limit: limit?.toString(), offset: offset?.toString(), cursor };
    const query = () => ({ ...renderListQuery(filter, order), ...page });
    return this.ask({ operation: LIST_JOBS, query }, toJobList, call);
  }

  /** Returns one page of jobs for parameters as the wire has them. */
  findJobs(query: Query, call?: CallOptions) {
    return this.ask({ operation: LIST_JOBS, query: () => query }, toJobList, call);
  }

  /** Returns all tasks of an array as one, as the wire has it. */
  getArray(arrayId: string, call?: CallOptions): Promise<ArrayHead> {
    return this.ask({ operation: GET_ARRAY, subject: arrayId }, toArray, call);
  }

  /** Returns the jobs that wait, as the wire has them. */
  getQueue(call?: CallOptions): Promise<QueueAnswer> {
    return this.ask({ operation: GET_QUEUE }, toQueue, call);
  }

  /** Returns who held what they did not use, as the wire has it. */
  getWaste(query: Query, call?: CallOptions): Promise<WasteAnswer> {
    return this.ask({ operation: GET_WASTE, query: () => query }, toWaste, call);
  }

  /**
   * Yields what changes, event by event, until the service or the caller ends it. A stream that is silent for
   * longer than `timeoutMs` is broken.
   */
  watchChanges(call: CallOptions = {}): AsyncGenerator<StreamEvent> {
    return readEvents(this.transport.open({ operation: WATCH_CHANGES, accept: EVENT_STREAM }, call));
  }

  /** Returns the first names of a kind that begin with a text. */
  listNames(kind: NameKind, prefix: string, call?: CallOptions): Promise<readonly string[]> {
    const query = () => ({ kind, prefix: prefix === '' ? undefined : prefix });
    return this.ask({ operation: LIST_NAMES, query }, toNames, call);
  }

  /** Returns the policies in force, and at most `limit` of what they told and did, as the wire has them. */
  listPolicies(limit: number, call?: CallOptions): Promise<PoliciesAnswer> {
    return this.ask({ operation: LIST_POLICIES, query: () => ({ limit: String(limit) }) }, toPolicies, call);
  }

  /** Returns whom the policies of a file would have reached, as the wire has it. */
  tryPolicies(body: TrialBody, call?: CallOptions): Promise<TrialAnswer> {
    return this.ask({ operation: TRY_POLICIES, body: () => body }, toTrial, call);
  }

  /** Says whether the user of this client wants the weekly digest. */
  saveDigestWish(wanted: boolean, call?: CallOptions): Promise<boolean> {
    return this.ask({ operation: SAVE_DIGEST_WISH, body: () => ({ wanted }) }, toDigestWish, call);
  }

  /** Yields all jobs that match, as they arrive. */
  streamJobs({ order, ...filter }: JobQuery = {}, call?: CallOptions): AsyncGenerator<Job> {
    return this.stream({ operation: LIST_JOBS, query: () => renderListQuery(filter, order) }, toJob, call);
  }

  createJob(job: NewJob, call?: CallOptions): Promise<Job> {
    return this.ask({ operation: CREATE_JOB, body: () => renderNewJob(job) }, toJob, call);
  }

  /** Creates jobs, past ones included; jobs that are stored already count as repeated. */
  createJobs(jobs: readonly SentJob[], call?: CallOptions): Promise<BatchResult> {
    const body = () => ({ jobs: jobs.map(renderPastJob) });
    return this.ask({ operation: CREATE_JOBS, body }, toBatch, call);
  }

  getJob(jobId: string, call?: CallOptions): Promise<Job> {
    return this.ask({ operation: GET_JOB, subject: jobId }, toJob, call);
  }

  updateJob(jobId: string, patch: JobPatch, call?: CallOptions): Promise<Job> {
    return this.ask({ operation: UPDATE_JOB, subject: jobId, body: () => renderPatch(patch) }, toJob, call);
  }

  deleteJob(jobId: string, call?: CallOptions): Promise<void> {
    return this.delete(DELETE_JOB, jobId, call);
  }

  /** Returns all runs of a job, latest first. */
  listRuns(jobId: string, call?: CallOptions): Promise<JobRun[]> {
    return this.ask({ operation: LIST_RUNS, subject: jobId }, toRuns, call);
  }

  /** Returns the changes of a job in the order in which they became known. */
  listEvents(jobId: string, call?: CallOptions): Promise<JobEvent[]> {
    return this.ask({ operation: LIST_EVENTS, subject: jobId }, toEvents, call);
  }

  /** Summarizes all samples of a run, by default the latest. */
  summarizeJob(jobId: string, run?: number, call?: CallOptions): Promise<JobSummary> {
    const query = () => ({ run: run?.toString() });
    return this.ask({ operation: GET_SUMMARY, subject: jobId, query }, toSummary, call);
  }

  /** Says what the next run like one needs, by default like the latest. */
  sizeRun(jobId: string, run?: number, call?: CallOptions): Promise<Sizing> {
    const query = () => ({ run: run?.toString() });
    return this.ask({ operation: GET_SIZING, subject: jobId, query }, toSizing, call);
  }

  /** Judges a run, by default the latest. */
  judgeRun(jobId: string, run?: number, call?: CallOptions): Promise<Verdict> {
    const query = () => ({ run: run?.toString() });
    return this.ask({ operation: GET_FINDINGS, subject: jobId, query }, toVerdict, call);
  }

  /** Lets all ended runs be judged anew, in the background. Returns how many ended jobs there are. */
  judgeAnew(call?: CallOptions): Promise<number> {
    return this.ask({ operation: JUDGE_ANEW }, toJudgedAnew, call);
  }

  /** Returns the newest `limit` samples that match, and how many match. */
  listSamples(jobId: string, { limit, ...rest }: SampleQuery & { limit?: number } = {}, call?: CallOptions) {
    const query = () => ({ ...renderReadingQuery(rest), limit: limit?.toString() });
    return this.ask({ operation: LIST_SAMPLES, subject: jobId, query }, toSamples, call);
  }

  /** Returns all samples that match as at most `maxPoints` points of equal spans. */
  plotSamples(jobId: string, range: SampleQuery, maxPoints: number, call?: CallOptions) {
    const query = () => ({ ...renderReadingQuery(range), max_points: String(maxPoints) });
    return this.ask({ operation: LIST_SAMPLES, subject: jobId, query }, toSamples, call);
  }

  /** Yields all samples that match, as they arrive. */
  streamSamples(jobId: string, range: SampleQuery = {}, call?: CallOptions): AsyncGenerator<Reading> {
    const query = () => renderReadingQuery(range);
    return this.stream({ operation: LIST_SAMPLES, subject: jobId, query }, toReading, call);
  }

  /** `listSamples` with chosen fields, or with one row for each GPU. */
  listMeasures(jobId: string, { limit, ...rest }: MeasureQuery & { limit?: number }, call?: CallOptions) {
    const query = () => ({ ...renderReadingQuery(rest), limit: limit?.toString() });
    return this.ask({ operation: LIST_SAMPLES, subject: jobId, query }, toMeasured, call);
  }

  /** `plotSamples` with chosen fields, or with points of each GPU. */
  plotMeasures(jobId: string, range: MeasureQuery, maxPoints: number, call?: CallOptions) {
    const query = () => ({ ...renderReadingQuery(range), max_points: String(maxPoints) });
    return this.ask({ operation: LIST_SAMPLES, subject: jobId, query }, toMeasured, call);
  }

  /** `streamSamples` with chosen fields, or with one row for each GPU. */
  streamMeasures(jobId: string, range: MeasureQuery, call?: CallOptions): AsyncGenerator<MeasuredReading> {
    const query = () => renderReadingQuery(range);
    return this.stream({ operation: LIST_SAMPLES, subject: jobId, query }, toMeasuredReading, call);
  }

  recordSample(jobId: string, sample: SentSample, call?: CallOptions): Promise<Reading> {
    const body = () => renderNewSample(sample);
    return this.ask({ operation: RECORD_SAMPLE, subject: jobId, body }, toSample, call);
  }

  /** Records samples that `packSamples` wrote before, all of them with a time. */
  recordPacked(packed: Uint8Array<ArrayBuffer>, call?: CallOptions): Promise<SentBatchResult> {
    return this.#batches.recordPacked(packed, call);
  }

  /**
   * Records samples of many jobs. Retried only if all of them have a time: the service recognizes repeats by
   * it.
   */
  recordSamples(samples: readonly SentRow[], call?: CallOptions): Promise<BatchResult> {
    return this.#batches.recordSamples(samples, call);
  }

  /** Reports that a job has started; retried only with a timestamp. Returns the message of the service. */
  reportStart(body: JobStartedBody, call?: CallOptions): Promise<string> {
    return this.#report(JOB_STARTED, body, call);
  }

  /** Reports that a job has ended; retried only with a timestamp. Returns the message of the service. */
  reportEnd(body: JobFinishedBody, call?: CallOptions): Promise<string> {
    return this.#report(JOB_FINISHED, body, call);
  }

  /** Forwards the event file of a hook. Returns the message of the service. */
  reportHook(body: HookEventBody, call?: CallOptions): Promise<string> {
    return this.ask({ operation: HOOK_CALLED, body: () => body }, toProcessed, call);
  }

  #report(
    operation: Operation,
    event: JobStartedBody | JobFinishedBody,
    call?: CallOptions,
  ): Promise<string> {
    const isTimestamped = event.timestamp !== undefined;
    return this.ask({ operation, body: () => event, isTimestamped }, toProcessed, call);
  }
}
