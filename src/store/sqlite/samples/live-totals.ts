import type { Database } from 'bun:sqlite';
import { GpuPause } from '../../../domain/finding/gpu-pause.ts';
import { MemoryTrace } from '../../../domain/finding/memory-trace.ts';
import type { Thresholds } from '../../../domain/finding/thresholds.ts';
import type { UsageTotals } from '../../../domain/summary.ts';
import type { RowColumns } from '../../chunk/gather.ts';
import { readTotals } from '../../rows/totals.ts';
import {
  addLive,
  addSealed,
  type LiveJob,
  type LiveSeries,
  NO_COUNTERS,
  RULE_MEASURES,
} from './live-series.ts';
import { logRowReader } from './log-rows.ts';
import { type UnsealedSeries, unsealedReader } from './unsealed.ts';

/** Series whose totals are kept, about 2 kB each; jobs beyond have no summary. */
const MAX_SERIES = 250_000;
/** A run on more nodes has no summary: rules judge a node in a microsecond. */
const MAX_NODES = 1000;
/** Jobs whose series are looked up in one statement. */
const JOBS_AT_ONCE = 100;
/** Series read between two yields. */
const STEP_SERIES = 500;

interface SeriesRow extends UnsealedSeries {
  readonly place: number;
  readonly name: string;
}

type TotalsRow = UsageTotals & {
  readonly id: number;
  readonly data: Uint8Array | null;
  /** The latest usage. */
  readonly timeMs: number;
  readonly gpuPercent: number | null;
};

/** The series of some jobs: those of runs that are part of one, too. A node without samples has none. */
const SELECT_SERIES = `
  WITH wanted AS MATERIALIZED (SELECT key AS place, value AS job FROM json_each(?)),
       own AS MATERIALIZED (
         SELECT place, job FROM wanted UNION ALL
         SELECT place, run FROM wanted CROSS JOIN joined_run ON joined_run.owner = wanted.job)
  SELECT place, usage.id, usage.node, usage.sealed, (SELECT name FROM node WHERE id = usage.node) AS name
    FROM own CROSS JOIN usage ON usage.job = own.job JOIN latest ON latest.usage = usage.id`;

const SELECT_TOTALS = `
  SELECT usage.id, oldest AS oldestMs, newest AS newestMs,
         ifnull(samples, 0) AS samples, ifnull(cpu_sum, 0) AS cpuSum, cpu_max AS cpuMax,
         ifnull(memory_sum, 0) AS memorySum, memory_max AS memoryMax,
         ifnull(gpu_samples, 0) AS gpuSamples, ifnull(gpu_sum, 0) AS gpuSum, gpu_max AS gpuMax,
         sealed_measures.data, time AS timeMs, gpu AS gpuPercent
    FROM json_each(?) AS wanted CROSS JOIN usage ON usage.id = wanted.value JOIN latest ON latest.usage = usage.id
         LEFT JOIN sealed_total ON sealed_total.usage = usage.id
         LEFT JOIN sealed_measures ON sealed_measures.usage = usage.id`;

/**
 * Adds up the samples of running jobs. Each is read once: totals stay in memory, and every step adds what the
 * log has since the one before. A sample that is sealed meanwhile was in the log first, so that sealing
 * changes nothing. A step that fails must be followed by `forget`.
 */
export function liveTotals(thresholds: Thresholds) {
  let jobs = new Map<number, LiveJob>();
  /** Jobs that this round has read. */
  let met = new Map<number, LiveJob>();
  let bySeries = new Map<number, LiveSeries>();
  /** Undefined until the first step. */
  let lastSeq: number | undefined;

  function forget(): void {
    jobs = new Map();
    met = new Map();
    bySeries = new Map();
    lastSeq = undefined;
  }

  /** Adds the samples that came since the last step. All the caller reads must be of one transaction. */
  function* follow(db: Database): Generator<undefined, void> {
    const log = logRowReader(db);
    const addKnown = (series: Int32Array, row: RowColumns): void => {
      for (let at = 0; at < series.length; at++) {
        const known = bySeries.get(series[at]!);
        if (known) addLive(known, row, at);
      }
    };
    const last = lastSeq === undefined ? undefined : yield* log.visitAfter(lastSeq, RULE_MEASURES, addKnown);
    // At the start, or when rows have left the log before they were read.
    if (last === undefined) forget();
    lastSeq = last ?? log.lastSeq();
  }

  function* readSeries(db: Database, seqs: readonly number[]): Generator<undefined, SeriesRow[][]> {
    const select = db.query<SeriesRow, [string]>(SELECT_SERIES);
    const found: SeriesRow[][] = seqs.map(() => []);
    for (let from = 0; from < seqs.length; from += JOBS_AT_ONCE) {
      let rows = 0;
      for (const row of select.iterate(JSON.stringify(seqs.slice(from, from + JOBS_AT_ONCE)))) {
        found[from + row.place]!.push(row);
        if (++rows % STEP_SERIES === 0) yield;
      }
      yield;
    }
    return found;
  }

  /** Reads all samples of series that are not known yet. */
  function* load(
    db: Database,
    rows: readonly SeriesRow[],
    owners: readonly LiveJob[],
  ): Generator<undefined, void> {
    const select = db.query<TotalsRow, [string]>(SELECT_TOTALS);
    const places = new Map(rows.map(({ id }, place) => [id, place]));
    const loaded = new Array<LiveSeries>(rows.length);
    const latest: (() => void)[] = [];
    for (let from = 0; from < rows.length; from += STEP_SERIES) {
      const part = JSON.stringify(rows.slice(from, from + STEP_SERIES).map(({ id }) => id));
      for (const { id, data, timeMs, gpuPercent, ...totals } of select.iterate(part)) {
        const place = places.get(id)!;
        const { node, name } = rows[place]!;
        const job = owners[place]!;
        const known = { ...{ id, job, node, name, totals }, counters: [...NO_COUNTERS], gpus: [] };
        addSealed(known, readTotals(data) ?? []);
        loaded[place] = known;
        job.series.push(known);
        bySeries.set(id, known);
        if (gpuPercent !== null) latest.push(() => job.pause.add(timeMs, gpuPercent));
      }
      yield;
    }
    yield* unsealedReader(db).visitAll(
      rows,
      (place, row, at) => addLive(loaded[place]!, row, at),
      RULE_MEASURES,
    );
    // Last, because it is no older than what the log has; where everything is sealed there is nothing else.
    for (const addLatest of latest) addLatest();
  }

  function isKnown(seq: number, rows: readonly SeriesRow[]): boolean {
    const series = jobs.get(seq)?.series;
    return (
      series?.length === rows.length &&
      rows.every(({ id, node }, at) => series[at]!.id === id && series[at]!.node === node)
    );
  }

  /** Begins a job anew. */
  function begin(seq: number): LiveJob {
    for (const { id } of jobs.get(seq)?.series ?? []) bySeries.delete(id);
    const job: LiveJob = { series: [], pause: new GpuPause(thresholds), memory: new MemoryTrace() };
    jobs.set(seq, job);
    return job;
  }

  return {
    forget,

    /** Returns what is known of running jobs by their numbers, in that order, up to this transaction. */
    *read(db: Database, seqs: readonly number[]): Generator<undefined, LiveJob[]> {
      yield* follow(db);
      const found = yield* readSeries(db, seqs);
      const unknown: SeriesRow[] = [];
      const owners: LiveJob[] = [];
      for (const [place, seq] of seqs.entries()) {
        const rows = found[place]!;
        if (isKnown(seq, rows)) continue;
        const job = begin(seq);
        if (rows.length > MAX_NODES || bySeries.size + unknown.length + rows.length > MAX_SERIES) continue;
        unknown.push(...rows);
        owners.push(...rows.map(() => job));
      }
      if (unknown.length > 0) yield* load(db, unknown, owners);
      for (const seq of seqs) met.set(seq, jobs.get(seq)!);
      return seqs.map((seq) => jobs.get(seq)!);
    },

    /** Ends a round: forgets the jobs that it did not read. */
    endRound(): void {
      for (const [seq, { series }] of jobs)
        if (!met.has(seq)) for (const { id } of series) bySeries.delete(id);
      jobs = met;
      met = new Map();
    },
  };
}
