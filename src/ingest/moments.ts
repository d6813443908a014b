import { AppError } from '../domain/errors.ts';
import { type CounterPoint, measureGpu, measureMoment } from '../domain/foreign/moment.ts';
import type { IngestSource, Receipt, SampleResult } from '../domain/foreign/series.ts';
import { MEASURES, type Measured } from '../domain/measure.ts';
import { collectMeasures, type GpuFields } from '../domain/measure-columns.ts';
import type { JobSample, SampleStore } from '../domain/store/samples.ts';
import { startPace } from '../pace.ts';
import {
  addPoint,
  type GpuReading,
  gpusOf,
  learnFrom,
  type Moment,
  partsOf,
  type Waiting,
} from './waiting.ts';

/** Shorter spans say more about the clock than about the job. */
const LEAST_SPAN_MS = 1000;
/** The mean over a longer span says little about its end. */
const LONGEST_SPAN_MS = 15 * 60_000;

const CPU_SECONDS = MEASURES.get('cpu_seconds')!.code;

interface Options {
  readonly store: Pick<SampleStore, 'recordSamples' | 'listSamples'>;
  readonly waiting: Pick<Waiting, 'delete'>;
  readonly countSamples: (source: IngestSource, result: SampleResult, count: number) => void;
}

type Refused = Pick<Receipt, 'refused' | 'reason'>;

/** A sample with its further measures. */
interface Prepared {
  readonly sample: JobSample;
  readonly measured: Measured;
  readonly gpus: readonly GpuFields[];
  readonly moment: Moment;
  readonly readings: readonly GpuReading[];
}

/**
 * Returns a function that stores moments as samples, and forgets them once they are on disk. When it rejects,
 * they wait as before.
 */
export function momentStore({ store, waiting, countSamples }: Options) {
  /** Returns the point of the counter before a moment; after a restart, the one that the store has. */
  async function pointBefore(
    { place, timeMs }: Moment,
    cpuSeconds: number,
  ): Promise<CounterPoint | undefined> {
    const find = () => place.points.findLast((point) => point.timeMs <= timeMs - LEAST_SPAN_MS);
    let found = find();
    if (!found) {
      place.firstPoint ??= readPoint(place, timeMs);
      try {
        await place.firstPoint;
      } catch (error) {
        delete place.firstPoint;
        throw error;
      }
      found = find();
    }
    addPoint(place, { timeMs, cpuSeconds });
    // A counter that fell began anew, and nothing says when.
    const isNear = found && found.cpuSeconds <= cpuSeconds && found.timeMs >= timeMs - LONGEST_SPAN_MS;
    return isNear ? found : undefined;
  }

  async function readPoint(place: Moment['place'], timeMs: number): Promise<void> {
    if ('sluid' in place.job) return;
    const toMs = timeMs - LEAST_SPAN_MS;
    const range = { fromMs: timeMs - LONGEST_SPAN_MS, toMs, order: 'desc' } as const;
    try {
      const query = { ...range, node: place.node, codes: [CPU_SECONDS] };
      const { samples } = await store.listSamples(place.job.jobId, query, 1);
      const cpuSeconds = samples.further?.find(({ code }) => code === CPU_SECONDS)?.values[0];
      if (cpuSeconds === undefined || Number.isNaN(cpuSeconds)) return;
      addPoint(place, { timeMs: samples.times[0]!, cpuSeconds });
    } catch (error) {
      // The job is unknown, or the node is none of its own: the store will say so again.
      if (!(error instanceof AppError) || error.code === 'unavailable') throw error;
    }
  }

  async function prepare(moment: Moment): Promise<Prepared | undefined> {
    const { place, timeMs } = moment;
    const parts = partsOf(moment);
    const before = await pointBefore(moment, parts.cpu_seconds!);
    learnFrom(moment, true);
    if (!before) return undefined;
    const found = gpusOf(moment);
    const gpus = found.map(([gpu, { parts }]) => ({ gpu, ...measureGpu(parts) }));
    const { sample, measured } = measureMoment(timeMs, parts, before, gpus);
    const run = 'sluid' in place.job ? { jobId: '', sluid: place.job.sluid } : place.job;
    const readings = found.map(([, reading]) => reading);
    for (const reading of readings) reading.isUsed = true;
    return {
      sample: { ...run, ...sample, node: place.node, stamped: false },
      measured,
      gpus,
      moment,
      readings,
    };
  }

  /** Adds the rows of moments to `rows`, and forgets those that are the first of their counter. */
  async function prepareAll(moments: readonly Moment[], rows: Prepared[]): Promise<void> {
    const pace = startPace();
    for (const moment of moments) {
      if (pace.isDue()) await pace.rest();
      const row = await prepare(moment);
      if (row) rows.push(row);
      else {
        countSamples(moment.source, 'first_counter', 1);
        waiting.delete(moment);
      }
    }
  }

  async function storeRows(rows: readonly Prepared[]): Promise<Refused> {
    const collected = collectMeasures();
    for (const [index, { measured, gpus }] of rows.entries()) collected.add(index, measured, gpus);
    const samples = rows.map(({ sample }) => sample);
    const measures = collected.finish(rows.length);
    const { stored, repeated, refused, refusals } = await store.recordSamples(samples, measures);
    for (const { moment } of rows) waiting.delete(moment);
    const { source } = rows[0]!.moment;
    for (const [result, count] of Object.entries({ stored, repeated, refused }))
      if (count > 0) countSamples(source, result as SampleResult, count);
    return { refused, reason: refusals[0]?.message };
  }

  async function storeAll(moments: readonly Moment[]): Promise<Refused> {
    const rows: Prepared[] = [];
    try {
      await prepareAll(moments, rows);
      return rows.length === 0 ? { refused: 0 } : await storeRows(rows);
    } catch (error) {
      for (const { readings } of rows) for (const reading of readings) reading.isUsed = false;
      throw error;
    }
  }

  return async (moments: readonly Moment[]): Promise<Refused> => {
    if (moments.length === 0) return { refused: 0 };
    // In order of time, because each needs the point before it.
    const result = storeAll([...moments].sort((one, other) => one.timeMs - other.timeMs));
    const storing = result.then(() => {});
    // Those who wait for it get the error; there may be none.
    storing.catch(() => {});
    for (const moment of moments) moment.storing = storing;
    try {
      return await result;
    } finally {
      for (const moment of moments) delete moment.storing;
    }
  };
}
