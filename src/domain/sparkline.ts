import { plotSpans, type SpanSums, type Spans } from './spans.ts';

/** How the usage of a job went, in as few numbers as a small line needs. */
export interface Sparkline {
  readonly jobId: string;
  /** The start of the first span. */
  readonly startMs: number;
  readonly spanMs: number;
  /** One value a span; NaN in a span without samples. */
  readonly cpuUsage: readonly number[];
  /** The sum over the nodes. */
  readonly memoryUsageMb: readonly number[];
  /** Absent if no sample has a GPU. */
  readonly gpuUsage?: readonly number[];
}

/** The sparklines of several jobs. */
export interface Sparklines {
  /** In the order of the question, without jobs that are unknown, hidden or have no samples. */
  readonly lines: readonly Sparkline[];
  /** Jobs that were left out because reading them took too long. */
  readonly skipped: readonly string[];
}

/** Returns the spans of a line. Beyond four hours the stored sums of 15 minutes are enough. */
export const sparklineSpans = (firstMs: number, lastMs: number, maxPoints: number) =>
  plotSpans({ firstMs, lastMs, readings: Number.POSITIVE_INFINITY, areSumsEnough: true }, maxPoints);

/** A measure of one part: its sums, and how many samples they are of. */
type MeasureOf = (sums: SpanSums) => readonly [sums: Float64Array, samples: Float64Array];

/**
 * Returns the line of a job that `nodes` nodes have reported for, from the sums of each node, or of all nodes
 * together. Each part counts alike, because some nodes may have more samples in a span than others. Spans
 * shorter than the time between two samples become longer ones.
 */
export function makeSparkline(
  jobId: string,
  parts: readonly SpanSums[],
  finest: Spans,
  nodes: number,
): Sparkline {
  const { originMs } = finest;
  const spanMs = finest.spanMs * distanceOf(parts, finest);
  const spans = { originMs, spanMs, count: Math.ceil((finest.count * finest.spanMs) / spanMs) };
  function values(measureOf: MeasureOf): number[] {
    const means = parts.map((part) => meansOf(part, measureOf(part), spans));
    return Array.from({ length: spans.count }, (_, span) => {
      const known = means.flatMap((column) => (Number.isNaN(column[span]) ? [] : [column[span]!]));
      // 0 / 0 is NaN.
      return known.reduce((sum, mean) => sum + mean, 0) / known.length;
    });
  }
  const gpuUsage = values(({ gpu, gpuSamples }) => [gpu.sum, gpuSamples]);
  return {
    jobId,
    startMs: originMs,
    spanMs,
    cpuUsage: values(({ cpu, samples }) => [cpu.sum, samples]),
    memoryUsageMb: values(({ memory, samples }) => [memory.sum, samples]).map((mean) => mean * nodes),
    ...(!gpuUsage.every(Number.isNaN) && { gpuUsage }),
  };
}

/** Returns the mean of each span; NaN where there are no samples. */
function meansOf(
  { count, times }: SpanSums,
  [given, samples]: ReturnType<MeasureOf>,
  { originMs, spanMs, count: spans }: Spans,
): Float64Array {
  const sums = new Float64Array(spans);
  const weights = new Float64Array(spans);
  for (let i = 0; i < count; i++) {
    if (samples[i] === 0) continue;
    const span = Math.floor((times[i]! - originMs) / spanMs + ROUNDING);
    sums[span]! += given[i]!;
    weights[span]! += samples[i]!;
  }
  return sums.map((sum, span) => sum / weights[span]!);
}

/** Spans may have fractions of milliseconds. */
const ROUNDING = 1e-6;

/** Nine of ten distances between samples are no longer than that; what is longer is a gap. */
const USUAL_SHARE = 0.9;

/** Returns how many spans there are from one with samples to the next, usually. */
function distanceOf(parts: readonly SpanSums[], { originMs, spanMs }: Spans): number {
  const places = new Set<number>();
  for (const { times } of parts)
    for (const timeMs of times) places.add(Math.round((timeMs - originMs) / spanMs));
  const ordered = [...places].sort((one, other) => one - other);
  const distances = ordered.slice(1).map((place, index) => place - ordered[index]!);
  distances.sort((one, other) => one - other);
  return distances[Math.floor((distances.length - 1) * USUAL_SHARE)] ?? 1;
}
