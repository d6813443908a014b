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

/**
 * Returns the line of a job that `nodes` nodes have reported for, from the sums of each node, or of all nodes
 * together. Each part counts alike, because some nodes may have more samples in a span than others.
 */
export function makeSparkline(
  jobId: string,
  parts: readonly SpanSums[],
  { originMs, spanMs, count }: Spans,
  nodes: number,
): Sparkline {
  function values(measureOf: (sums: SpanSums) => [values: Float64Array, weights: Float64Array]): number[] {
    const means = new Float64Array(count);
    const known = new Float64Array(count);
    for (const part of parts) {
      const [sum, weights] = measureOf(part);
      for (let i = 0; i < part.count; i++) {
        if (weights[i] === 0) continue;
        const span = Math.round((part.times[i]! - originMs) / spanMs);
        means[span]! += sum[i]! / weights[i]!;
        known[span]!++;
      }
    }
    // 0 / 0 is NaN.
    return Array.from(means, (mean, span) => mean / known[span]!);
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
