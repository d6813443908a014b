import { type ForeignMetric, JOB_INFO, metricOf } from '../domain/foreign/metric.ts';
import { believe } from '../domain/foreign/moment.ts';
import { type ForeignJob, gpuOf, jobOf, nodeOf } from '../domain/foreign/place.ts';
import type {
  ForeignRequest,
  ForeignSeries,
  IngestSource,
  LeftOut,
  Receipt,
  SampleResult,
  ValueResult,
} from '../domain/foreign/series.ts';
import type { SampleStore } from '../domain/store/samples.ts';
import { MAX_AHEAD_MS } from '../domain/time.ts';
import { startPace } from '../pace.ts';
import { createGpuHolders } from './gpu-holders.ts';
import { momentStore } from './moments.ts';
import { canBeStored, isComplete, learnFrom, type Moment, type Place, Waiting } from './waiting.ts';

/** Prometheus sends a scrape within 5 s (`batch_send_deadline`), and tries again within 5 s. */
const SETTLE_MS = 10_000;
/** A moment that is not whole by then is given up. */
const GIVE_UP_MS = 30_000;
/** Samples of one batch for the store. */
const PORTION = 1000;

interface ReceiverOptions {
  readonly store: Pick<SampleStore, 'recordSamples' | 'listSamples'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly countValues: (source: IngestSource, result: ValueResult, count: number) => void;
  readonly countSamples: (source: IngestSource, result: SampleResult, count: number) => void;
}

export interface Receiver {
  /**
   * Takes series of other exporters. Resolves when every sample that they complete is on disk; values of
   * samples that are not complete wait in memory. Rejects with `unavailable`, and may then be called again
   * with the same series.
   */
  receive(source: IngestSource, request: ForeignRequest): Promise<Receipt>;
  /** Stores the samples to which nothing was added for 10 s, and gives up those without CPU or memory. */
  settle(): Promise<void>;
  /** Stores every sample that can be stored. */
  flush(): Promise<void>;
}

/** Makes samples of the series of other exporters. */
export function createReceiver({ store, now, countValues, countSamples }: ReceiverOptions): Receiver {
  const waiting = new Waiting((source) => countSamples(source, 'gpu_alone', 1));
  const holders = createGpuHolders();
  const storeMoments = momentStore({ store, waiting, countSamples });

  async function gather(source: IngestSource, { series: all, unmapped }: ForeignRequest) {
    const pace = startPace();
    const counts = new Map<ValueResult, number>(unmapped > 0 ? [['unmapped', unmapped]] : []);
    const touched = new Set<Place>();
    const jobs = jobsOfNodes(all);
    for (const series of all) {
      gatherSeries(series, jobs, source, counts, touched);
      if (pace.isDue()) await pace.rest();
    }
    for (const [result, count] of counts) countValues(source, result, count);
    return { counts, touched };
  }

  function gatherSeries(
    { name, labels, times, values }: ForeignSeries,
    jobs: ReadonlyMap<string, ForeignJob>,
    source: IngestSource,
    counts: Map<ValueResult, number>,
    touched: Set<Place>,
  ): void {
    const count = (result: ValueResult, more = 1) => counts.set(result, (counts.get(result) ?? 0) + more);
    const target = targetOf(name, labels, jobs);
    if (typeof target === 'string') {
      count(target, values.length);
      return;
    }
    const { metric, ...place } = target;
    const nowMs = now();
    for (const [index, raw] of values.entries()) {
      const timeMs = times[index]!;
      const value = valueFor(target, raw, timeMs, nowMs);
      if (typeof value === 'string') {
        count(value);
        continue;
      }
      count('used');
      const moment = waiting.add({ ...place, part: metric.part, timeMs, value }, source, nowMs);
      if (moment) touched.add(moment.place);
    }
  }

  function valueFor(target: Target, raw: number, timeMs: number, nowMs: number): number | LeftOut {
    const { metric, job, node, gpu } = target;
    const drop = (other: ForeignJob) => waiting.dropGpu(other, node, gpu!);
    if (gpu !== undefined && holders.isShared({ job, node, gpu, timeMs }, drop)) return 'shared_gpu';
    return readValue(metric, raw, timeMs, nowMs);
  }

  /** Stores moments that nobody else is storing. */
  async function storePortions(moments: readonly Moment[]): Promise<Pick<Receipt, 'refused' | 'reason'>> {
    let all: Pick<Receipt, 'refused' | 'reason'> = { refused: 0 };
    for (let at = 0; at < moments.length; at += PORTION) {
      const portion = moments.slice(at, at + PORTION).filter(({ storing }) => !storing);
      const { refused, reason } = await storeMoments(portion);
      all = { reason, ...all, refused: all.refused + refused };
    }
    return all;
  }

  return {
    async receive(source, request) {
      const { counts, touched } = await gather(source, request);
      // Earlier moments that waited may be complete since one of them has settled.
      const waits = [...touched].flatMap(({ moments }) => [...moments.values()]);
      const complete = await filterInTurns(waits, isComplete);
      // A repeated request waits for what the first one is storing.
      const others = complete.flatMap(({ storing }) => storing ?? []);
      const [{ refused, reason }] = await Promise.all([storePortions(complete), ...others]);
      counts.delete('used');
      return { leftOut: counts as Map<LeftOut, number>, refused, reason };
    },
    async settle() {
      const nowMs = now();
      const idle = waiting.idle(nowMs - SETTLE_MS);
      const ready = await filterInTurns(idle, canBeStored);
      const kept = new Set(ready);
      for (const moment of idle) {
        if (kept.has(moment) || moment.touchedMs > nowMs - GIVE_UP_MS) continue;
        learnFrom(moment, false);
        waiting.delete(moment);
        countSamples(moment.source, 'incomplete', 1);
      }
      await storePortions(ready);
    },
    async flush() {
      await storePortions(await filterInTurns(waiting.idle(Number.POSITIVE_INFINITY), canBeStored));
    },
  };
}

/** Filters a list of any length beside other requests. */
async function filterInTurns<Item>(items: readonly Item[], keeps: (item: Item) => boolean): Promise<Item[]> {
  const pace = startPace();
  const kept: Item[] = [];
  for (const item of items) {
    if (keeps(item)) kept.push(item);
    if (pace.isDue()) await pace.rest();
  }
  return kept;
}

/** Returns a value in the unit of its part, or why it is left out. */
function readValue(
  { part, divisor }: ForeignMetric,
  raw: number,
  timeMs: number,
  nowMs: number,
): number | LeftOut {
  if (Number.isNaN(raw)) return 'stale';
  if (!(timeMs > 0 && timeMs <= nowMs + MAX_AHEAD_MS)) return 'bad_time';
  return believe(part, raw / divisor) ?? 'out_of_range';
}

interface Target {
  readonly metric: ForeignMetric;
  readonly job: ForeignJob;
  readonly node: string;
  readonly gpu?: string;
  readonly added?: string;
}

/** Returns what a series measures and where, or why it is left out. */
function targetOf(
  name: string,
  labels: ReadonlyMap<string, string>,
  jobs: ReadonlyMap<string, ForeignJob>,
): Target | LeftOut {
  const metric = metricOf(name, labels);
  if (!metric) return 'unmapped';
  const node = nodeOf(labels);
  if (node === undefined) return 'no_node';
  const job = metric.isOfNode ? jobs.get(node) : jobOf(labels);
  if (!job) return 'no_job';
  const gpu = metric.isOfGpu ? gpuOf(labels) : undefined;
  if (metric.isOfGpu && gpu === undefined) return 'unmapped';
  const added = metric.addedBy === undefined ? undefined : (labels.get(metric.addedBy) ?? '');
  return { metric, job, node, ...(gpu !== undefined && { gpu }), ...(added !== undefined && { added }) };
}

/**
 * Reads the info metric of Omnistat, which says which job is on a node. A node with several jobs has none:
 * nothing says which of its GPUs belong to which.
 */
function jobsOfNodes(all: readonly ForeignSeries[]): Map<string, ForeignJob> {
  const jobs = new Map<string, ForeignJob>();
  const shared = new Set<string>();
  for (const { name, labels, values } of all) {
    if (name !== JOB_INFO || !values.includes(1)) continue;
    const [job, node] = [jobOf(labels), nodeOf(labels)];
    if (!job || node === undefined) continue;
    const known = jobs.get(node);
    if (known && JSON.stringify(known) !== JSON.stringify(job)) shared.add(node);
    jobs.set(node, job);
  }
  for (const node of shared) jobs.delete(node);
  return jobs;
}
