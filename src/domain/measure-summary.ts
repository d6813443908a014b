import { defined } from './defined.ts';
import { MEASURES, type MeasureName } from './measure.ts';
import { compareFurther, type FurtherColumn } from './readings.ts';
import type { Load } from './summary.ts';

/** What is kept for ever of one further measure of a job on a node, or of one of its GPUs there. */
export interface MeasureTotals {
  /** `Measure.code`. */
  readonly code: number;
  /** The UUID of the measured GPU; '' if the measure is of the job on the node. */
  readonly gpu: string;
  /** Samples in which it was measured. */
  readonly count: number;
  readonly sum: number;
  /** Of a counter the last value, because counters only grow. */
  readonly max: number;
  /** Samples in which it was 0. */
  readonly zeros: number;
}

/** Totals of all lasting measures of a series, in the order of `compareFurther`, each key once. */
export type SeriesMeasures = readonly MeasureTotals[];

/** Adds up the lasting measures of samples, value by value. */
export interface MeasureAdder {
  /** Adds a value; NaN does not count. */
  add(code: number, gpu: string, value: number): void;
  totals(): SeriesMeasures;
}

export function measureAdder(): MeasureAdder {
  const sums = new Map<string, Map<number, Mutable<MeasureTotals>>>();

  function sumOf(code: number, gpu: string): Mutable<MeasureTotals> {
    const ofGpu = sums.get(gpu) ?? new Map<number, Mutable<MeasureTotals>>();
    sums.set(gpu, ofGpu);
    const sum = ofGpu.get(code) ?? { code, gpu, count: 0, sum: 0, max: 0, zeros: 0 };
    ofGpu.set(code, sum);
    return sum;
  }

  return {
    add(code, gpu, value) {
      if (Number.isNaN(value) || !LASTING_CODES.has(code)) return;
      const totals = sumOf(code, gpu);
      totals.count++;
      totals.sum += value;
      if (value > totals.max) totals.max = value;
      if (value === 0) totals.zeros++;
    },
    totals: () => [...sums.values()].flatMap((ofGpu) => [...ofGpu.values()]).sort(compareFurther),
  };
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

const LASTING_CODES: ReadonlySet<number> = new Set(
  [...MEASURES.values()].filter(({ isLasting }) => isLasting).map(({ code }) => code),
);

/** Returns the totals of the lasting measures of some samples. */
export function totalMeasures(further: readonly FurtherColumn[] = []): SeriesMeasures {
  const adder = measureAdder();
  for (const { code, gpu, values } of further) for (const value of values) adder.add(code, gpu, value);
  return adder.totals();
}

/** Returns the totals of both, whose samples are different ones of the same run on the same node. */
export function joinMeasures(one: SeriesMeasures, other: SeriesMeasures): SeriesMeasures {
  if (one.length === 0 || other.length === 0) return one.length === 0 ? other : one;
  const byKey = new Map(one.map((totals) => [keyOf(totals), totals]));
  for (const added of other) {
    const known = byKey.get(keyOf(added));
    byKey.set(keyOf(added), known ? joinTwo(known, added) : added);
  }
  return [...byKey.values()].sort(compareFurther);
}

const keyOf = ({ code, gpu }: MeasureTotals): string => `${code} ${gpu}`;

const joinTwo = (one: MeasureTotals, other: MeasureTotals): MeasureTotals => ({
  ...one,
  count: one.count + other.count,
  sum: one.sum + other.sum,
  max: Math.max(one.max, other.max),
  zeros: one.zeros + other.zeros,
});

/** How an energy was found: the power of GPUs over time, or the share of a job in that of CPUs or a node. */
export const ENERGY_METHODS = ['gpu_power', 'cpu_share', 'node_share'] as const;
export type EnergyMethod = (typeof ENERGY_METHODS)[number];

export interface Energy {
  readonly method: EnergyMethod;
  readonly joules: number;
  /** What the CPUs of the job took idling, which `joules` leaves out; absent if it is unknown. */
  readonly idleJoules?: number;
  /** Share of the time for which the power was known, 0 to 1; absent if that is unknown. */
  readonly coverage?: number;
}

/** What a run did on one GPU. */
export interface GpuSummary {
  /** Its UUID. */
  readonly gpu: string;
  readonly utilizationPercent?: Load;
  /** Share of the readings in which no kernel ran, 0 to 1. */
  readonly idleShare?: number;
  readonly memoryUsedBytes?: Load;
}

/** The lasting measures of a run, on one node or as a whole; what was not measured is absent. */
export interface MeasureSummary {
  readonly cpuSeconds?: number;
  readonly cpuThrottledSeconds?: number;
  readonly memoryCurrentBytes?: Load;
  readonly memoryAnonymousBytes?: Load;
  readonly memoryPeakBytes?: number;
  readonly memoryLimitBytes?: number;
  readonly memoryOomKills?: number;
  readonly ioReadBytes?: number;
  readonly ioWrittenBytes?: number;
  readonly energy?: readonly Energy[];
  /** GPUs that were read, and their mean share of readings in which no kernel ran. */
  readonly gpus?: number;
  readonly gpuIdleShare?: number;
}

/** Sums of one measure over the series that have it. */
interface Sums {
  entries: number;
  most: number;
  mean: number;
  idleShare: number;
}

/**
 * Summarizes a run over its nodes, which are added one by one. Counters are summed. Memory is summed as
 * `summarizeJob` does: maxima may be of different moments, so that their sum is an upper bound. The coverage
 * of an energy is of all nodes.
 */
export function measureSummarizer() {
  const byCode = new Map<number, Sums>();
  let observed = 0;
  const most = (name: MeasureName): number | undefined => byCode.get(codeOf(name))?.most;
  const load = (name: MeasureName): Load | undefined => {
    const sums = byCode.get(codeOf(name));
    return sums && { mean: round(sums.mean), max: sums.most };
  };

  function energies(): Energy[] {
    return [
      energyOf('gpu_power', most('gpu_energy_joules'), most('gpu_power_seconds'), most('gpu_held_seconds')),
      energyOf(
        'cpu_share',
        most('cpu_energy_joules'),
        most('cpu_power_seconds'),
        observed,
        most('cpu_idle_energy_joules'),
      ),
      energyOf('node_share', most('node_energy_joules'), most('node_power_seconds'), observed),
    ].filter((energy) => energy !== undefined);
  }

  return {
    /** Adds a node, and how long it was observed. */
    add(measures: SeriesMeasures, observedSeconds: number): void {
      observed += observedSeconds;
      for (const totals of measures) {
        const sums = byCode.get(totals.code) ?? { entries: 0, most: 0, mean: 0, idleShare: 0 };
        byCode.set(totals.code, sums);
        sums.entries++;
        sums.most += totals.max;
        sums.mean += meanOf(totals);
        sums.idleShare += idleShareOf(totals);
      }
    },

    /** Returns the measures of all nodes; empty if there are none. */
    summary(): { readonly measured?: MeasureSummary } {
      const energy = energies();
      const gpus = byCode.get(codeOf('gpu_utilization_percent'));
      const measured = defined<MeasureSummary>({
        cpuSeconds: most('cpu_seconds'),
        cpuThrottledSeconds: most('cpu_throttled_seconds'),
        memoryCurrentBytes: load('memory_current_bytes'),
        memoryAnonymousBytes: load('memory_anonymous_bytes'),
        memoryPeakBytes: most('memory_peak_bytes'),
        memoryLimitBytes: most('memory_limit_bytes'),
        memoryOomKills: most('memory_oom_kills'),
        ioReadBytes: most('io_read_bytes'),
        ioWrittenBytes: most('io_written_bytes'),
        energy: energy.length > 0 ? energy : undefined,
        gpus: gpus?.entries,
        gpuIdleShare: gpus && round(gpus.idleShare / gpus.entries),
      });
      return Object.keys(measured).length > 0 ? { measured } : {};
    },
  };
}

const codeOf = (name: MeasureName): number => MEASURES.get(name)!.code;

function energyOf(
  method: EnergyMethod,
  joules: number | undefined,
  knownSeconds: number | undefined,
  ofSeconds: number | undefined,
  idleJoules?: number,
): Energy | undefined {
  if (joules === undefined) return undefined;
  // The times of the counters are not quite those of the samples.
  const coverage =
    knownSeconds === undefined || !ofSeconds ? undefined : Math.min(1, knownSeconds / ofSeconds);
  return defined<Energy>({
    method,
    joules: round(joules),
    idleJoules: idleJoules === undefined ? undefined : round(idleJoules),
    coverage: coverage === undefined ? undefined : round(coverage),
  });
}

/** Summarizes one node, with each of its GPUs; empty if nothing was measured. */
export function summarizeNodeMeasures(
  measures: SeriesMeasures,
  observedSeconds: number,
): { readonly measured?: MeasureSummary; readonly gpus?: readonly GpuSummary[] } {
  const summarizer = measureSummarizer();
  summarizer.add(measures, observedSeconds);
  const gpus = summarizeGpus(measures);
  return { ...summarizer.summary(), ...(gpus.length > 0 && { gpus }) };
}

function summarizeGpus(measures: SeriesMeasures): GpuSummary[] {
  const byGpu = Map.groupBy(
    measures.filter(({ gpu }) => gpu !== ''),
    ({ gpu }) => gpu,
  );
  return [...byGpu].map(([gpu, totals]) => {
    const of = (name: MeasureName) => totals.find(({ code }) => code === codeOf(name));
    const load = (one: MeasureTotals | undefined): Load | undefined =>
      one && { mean: round(meanOf(one)), max: one.max };
    const utilization = of('gpu_utilization_percent');
    return defined<GpuSummary>({
      gpu,
      utilizationPercent: load(utilization),
      idleShare: utilization && round(idleShareOf(utilization)),
      memoryUsedBytes: load(of('gpu_memory_used_bytes')),
    });
  });
}

const meanOf = ({ sum, count }: MeasureTotals): number => sum / count;
const idleShareOf = ({ zeros, count }: MeasureTotals): number => zeros / count;
const round = (value: number): number => Number(value.toFixed(6));
