import { makePoints } from './point-columns.ts';
import type { NodeReadings, Readings } from './readings.ts';
import { POINT_SPAN_MS } from './summary.ts';

/**
 * Sum, minimum and maximum of one measure for each span; 0, Infinity and -Infinity in a span without values.
 */
export interface MeasureSums {
  readonly sum: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** The samples of each span of time as sums, from which means and the sums of longer spans follow. */
export interface SpanSums {
  readonly count: number;
  /** Start of each span, in milliseconds since 1970. */
  readonly times: Float64Array;
  readonly samples: Float64Array;
  /** Samples that have a GPU value. */
  readonly gpuSamples: Float64Array;
  readonly cpu: MeasureSums;
  readonly memory: MeasureSums;
  readonly gpu: MeasureSums;
}

/** `count` spans of `spanMs` each; the first starts at `originMs`. */
export interface Spans {
  readonly originMs: number;
  readonly spanMs: number;
  readonly count: number;
}

/** Returns spans that start at multiples of `spanMs` and cover all times from `firstMs` to `lastMs`. */
export function spansOver(firstMs: number, lastMs: number, spanMs = POINT_SPAN_MS): Spans {
  const originMs = Math.floor(firstMs / spanMs) * spanMs;
  return { originMs, spanMs, count: Math.floor((lastMs - originMs) / spanMs) + 1 };
}

const makeMeasure = (count: number): MeasureSums => ({
  sum: new Float64Array(count),
  min: new Float64Array(count).fill(Number.POSITIVE_INFINITY),
  max: new Float64Array(count).fill(Number.NEGATIVE_INFINITY),
});

/** Adds up readings by span. Every reading must lie inside one of the spans. */
export function spanCollector({ originMs, spanMs, count }: Spans) {
  const times = new Float64Array(count);
  for (let span = 0; span < count; span++) times[span] = originMs + span * spanMs;
  const samples = new Float64Array(count);
  const gpuSamples = new Float64Array(count);
  const [cpu, memory, gpu] = [makeMeasure(count), makeMeasure(count), makeMeasure(count)];
  const spanOf = (timeMs: number) => Math.floor((timeMs - originMs) / spanMs);

  /** Consecutive samples mostly lie in one span, so they are added up before the span is changed. */
  function addSamples(rows: NodeReadings): void {
    for (let start = 0; start < rows.count; ) {
      const span = spanOf(rows.times[start]!);
      const endMs = originMs + (span + 1) * spanMs;
      let end = start + 1;
      while (end < rows.count && rows.times[end]! < endMs && rows.times[end]! >= endMs - spanMs) end++;
      samples[span]! += end - start;
      addValues(cpu, span, rows.cpu, start, end);
      addValues(memory, span, rows.memory, start, end);
      gpuSamples[span]! += addValues(gpu, span, rows.gpu, start, end);
      start = end;
    }
  }

  function addPoints(readings: NodeReadings): void {
    const points = readings.points!;
    for (let i = 0; i < readings.count; i++) {
      const weight = points.samples[i]!;
      if (weight === 0) {
        addSamples(rowOf(readings, i));
        continue;
      }
      const span = spanOf(readings.times[i]!);
      samples[span]! += weight;
      addSpread(cpu, span, [readings.cpu[i]! * weight, points.cpuMin[i]!, points.cpuMax[i]!]);
      addSpread(memory, span, [readings.memory[i]! * weight, points.memoryMin[i]!, points.memoryMax[i]!]);
      const gpuWeight = points.gpuSamples[i]!;
      gpuSamples[span]! += gpuWeight;
      if (gpuWeight > 0) {
        addSpread(gpu, span, [readings.gpu[i]! * gpuWeight, points.gpuMin[i]!, points.gpuMax[i]!]);
      }
    }
  }

  return {
    /** Adds samples, and points with the weight of their samples. */
    add(readings: NodeReadings): void {
      if (readings.points) addPoints(readings);
      else addSamples(readings);
    },

    /** Adds the sums of spans that are no longer than these. */
    addSums(sums: SpanSums): void {
      const spans = new Uint32Array(sums.count);
      for (let i = 0; i < sums.count; i++) {
        const span = spanOf(sums.times[i]!);
        spans[i] = span;
        samples[span]! += sums.samples[i]!;
        gpuSamples[span]! += sums.gpuSamples[i]!;
      }
      addMeasureSums(cpu, spans, sums.cpu);
      addMeasureSums(memory, spans, sums.memory);
      addMeasureSums(gpu, spans, sums.gpu);
    },

    /** Returns the spans that have samples, ascending. */
    sums(): SpanSums {
      const known = knownPicker(samples);
      const measure = ({ sum, min, max }: MeasureSums) => ({
        sum: known(sum),
        min: known(min),
        max: known(max),
      });
      return {
        count: samples.reduce((sum, one) => sum + (one > 0 ? 1 : 0), 0),
        times: known(times),
        samples: known(samples),
        gpuSamples: known(gpuSamples),
        cpu: measure(cpu),
        memory: measure(memory),
        gpu: measure(gpu),
      };
    },
  };
}

/**
 * Selects the spans that have samples out of a column. Plain loops, because `from` and `filter` take ten
 * times as long.
 */
function knownPicker(samples: Float64Array): (column: Float64Array) => Float64Array {
  const places = new Uint32Array(samples.length);
  let count = 0;
  for (let span = 0; span < samples.length; span++) if (samples[span]! > 0) places[count++] = span;
  return (column) => {
    const known = new Float64Array(count);
    for (let i = 0; i < count; i++) known[i] = column[places[i]!]!;
    return known;
  };
}

/** Adds consecutive values to a span and returns their number; NaN does not count. */
function addValues(
  measure: MeasureSums,
  span: number,
  values: Float64Array,
  start: number,
  end: number,
): number {
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  measure.sum[span]! += sum;
  if (min < measure.min[span]!) measure.min[span] = min;
  if (max > measure.max[span]!) measure.max[span] = max;
  return count;
}

function addMeasureSums({ sum, min, max }: MeasureSums, spans: Uint32Array, added: MeasureSums): void {
  for (let i = 0; i < spans.length; i++) {
    const span = spans[i]!;
    sum[span]! += added.sum[i]!;
    if (added.min[i]! < min[span]!) min[span] = added.min[i]!;
    if (added.max[i]! > max[span]!) max[span] = added.max[i]!;
  }
}

function addSpread(
  { sum, min, max }: MeasureSums,
  span: number,
  [added, least, most]: [number, number, number],
) {
  sum[span]! += added;
  if (least < min[span]!) min[span] = least;
  if (most > max[span]!) max[span] = most;
}

const rowOf = ({ times, cpu, memory, gpu }: NodeReadings, i: number): NodeReadings => ({
  count: 1,
  times: times.subarray(i, i + 1),
  cpu: cpu.subarray(i, i + 1),
  memory: memory.subarray(i, i + 1),
  gpu: gpu.subarray(i, i + 1),
});

/** Returns spans as points. Means are arithmetic means over the samples, rounded to six decimals. */
export function pointsOf({ count, times, samples, gpuSamples, cpu, memory, gpu }: SpanSums): Readings {
  const points = makePoints(count);
  const means = (sums: Float64Array, weights: Float64Array) =>
    sums.map((sum, i) => Math.round((sum / weights[i]!) * 1e6) / 1e6);
  points.samples.set(samples);
  points.gpuSamples.set(gpuSamples);
  points.cpuMin.set(cpu.min);
  points.cpuMax.set(cpu.max);
  points.memoryMin.set(memory.min);
  points.memoryMax.set(memory.max);
  points.gpuMin.set(gpu.min);
  points.gpuMax.set(gpu.max);
  return {
    count,
    times,
    cpu: means(cpu.sum, samples),
    memory: means(memory.sum, samples),
    gpu: means(gpu.sum, gpuSamples),
    nodes: new Uint32Array(count),
    names: [undefined],
    points,
  };
}

/** The points of a plot of a job. */
export interface Plot {
  /** In the order of the query. */
  readonly points: Readings;
  readonly spanMs: number;
  /** Number of readings that matched. */
  readonly total: number;
}

/** The readings that match a plot. */
interface PlotRange {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly readings: number;
  /** Whether the plot can be drawn from stored sums, which know the documented values only. */
  readonly areSumsEnough: boolean;
}

/** More readings than this are read as points of 15 minutes, if that leaves ENOUGH_POINTS to plot. */
const MAX_PLOT_READINGS = 1_000_000;
const ENOUGH_POINTS = 16;

/**
 * Returns the spans of a plot of at most `maxPoints`: from the first reading on, and as short as that allows.
 * Spans of 15 minutes and more, and those of more than a million readings over 16 quarters of an hour, are
 * whole quarters instead: their sums were stored when the samples were sealed (`hasSums`).
 */
export function plotSpans(
  { firstMs, lastMs, readings, areSumsEnough }: PlotRange,
  maxPoints: number,
): Spans & { hasSums: boolean } {
  const spanMs = Math.ceil((lastMs - firstMs + 1) / maxPoints);
  const quarters = spansOver(firstMs, lastMs);
  const isShort = readings <= MAX_PLOT_READINGS || quarters.count <= ENOUGH_POINTS || !areSumsEnough;
  if (spanMs < POINT_SPAN_MS && isShort) {
    const count = Math.floor((lastMs - firstMs) / spanMs) + 1;
    return { originMs: firstMs, spanMs, count, hasSums: false };
  }
  const longMs = Math.ceil(quarters.count / maxPoints) * POINT_SPAN_MS;
  const count = Math.floor((lastMs - quarters.originMs) / longMs) + 1;
  return { originMs: quarters.originMs, spanMs: longMs, count, hasSums: areSumsEnough };
}
