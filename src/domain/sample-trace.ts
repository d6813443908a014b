import { medianOf, typicalInterval } from './interval.ts';
import type { NodeReadings } from './readings.ts';
import { POINT_SPAN_MS } from './summary.ts';

/** A time without samples, between two that have one. */
export interface Silence {
  readonly fromMs: number;
  readonly toMs: number;
  /** Samples that are missing there. */
  readonly missing: number;
}

/** What a trace needs of readings. */
type Timed = Pick<NodeReadings, 'count' | 'times' | 'points'>;

/** How the samples of a node followed each other. */
export interface NodeTrace {
  readonly node: string;
  readonly samples: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Typical distance of two samples; 0 if there are too few to tell. */
  readonly intervalMs: number;
  /** Samples that are missing between the first and the last. */
  readonly missing: number;
  /** The longest of its silences, in order. */
  readonly silences: readonly Silence[];
}

/** A distance of more than this many intervals is a silence: a sample may be late, and the next one early. */
export const SILENT_INTERVALS = 2.5;
/** Silences kept of a node. */
const MAX_SILENCES = 20;

/** Follows the samples of a node, a piece at a time in order of time. */
export function sampleTracer(node: string) {
  let samples = 0;
  let firstMs = Number.NaN;
  /** When the last sample was taken, or the span of the last point ended. */
  let lastMs = Number.NaN;
  let beforeMs = 0;
  let missing = 0;
  const intervals: number[] = [];
  const found: Silence[] = [];

  function addTime(timeMs: number, intervalMs: number, sampleMs: number): void {
    if (Number.isNaN(firstMs)) firstMs = timeMs;
    if (intervalMs > 0 && timeMs - lastMs > SILENT_INTERVALS * intervalMs) {
      const count = Math.max(1, Math.round((timeMs - lastMs) / (sampleMs || intervalMs)) - 1);
      missing += count;
      found.push({ fromMs: lastMs, toMs: timeMs, missing: count });
    }
    // Pieces of one node may overlap.
    lastMs = Number.isNaN(lastMs) ? timeMs : Math.max(lastMs, timeMs);
  }

  return {
    add(readings: Timed): void {
      const { betweenMs, sampleMs, weights } = spacingOf(readings);
      if (sampleMs > 0) intervals.push(sampleMs);
      for (let i = 0; i < readings.count; i++) {
        samples += weights?.[i] ?? 1;
        // Where the interval changed, the distance between two pieces is of either.
        addTime(readings.times[i]!, i === 0 ? Math.max(betweenMs, beforeMs) : betweenMs, sampleMs);
      }
      if (weights) lastMs += POINT_SPAN_MS - sampleMs;
      beforeMs = betweenMs;
    },

    trace(): NodeTrace {
      const longest = found.toSorted((one, other) => other.toMs - other.fromMs - (one.toMs - one.fromMs));
      return {
        node,
        samples,
        firstMs,
        lastMs,
        intervalMs: medianOf(intervals),
        missing,
        silences: longest.slice(0, MAX_SILENCES).sort((one, other) => one.fromMs - other.fromMs),
      };
    },
  };
}

/** How far the rows of a piece are apart, and the samples that they stand for. */
function spacingOf({ times, points }: Timed) {
  if (!points || !(points.samples[0]! > 0)) {
    const betweenMs = typicalInterval(times);
    return { betweenMs, sampleMs: betweenMs };
  }
  const weights = points.samples;
  return { betweenMs: POINT_SPAN_MS, sampleMs: POINT_SPAN_MS / medianOf([...weights]), weights };
}
