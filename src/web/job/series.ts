import type { SampleAnswer } from '../../api/sample.ts';

// Readings of the API as columns for a plot. Pure.

export type PlotField = 'cpu_usage' | 'memory_usage_mb' | 'gpu_usage';

/** One line of a plot. */
export interface Line {
  readonly label: string;
  readonly samples: readonly SampleAnswer[];
}

export interface PlotData {
  /** Seconds since 1970, ascending. */
  readonly times: number[];
  /** One column a line; null in a gap, undefined where only other lines have a reading. */
  readonly columns: (number | null | undefined)[][];
}

/** A time without readings is a gap if it is this many times as long as those before and after it. */
const GAP_FACTOR = 2.5;

/**
 * Aligns the readings of several lines at common times. A null stands in each gap, so that it is never drawn
 * as a line; undefined, where only other lines have a reading, is drawn across.
 */
export function alignLines(lines: readonly Line[], field: PlotField): PlotData {
  const byLine = lines.map(({ samples }) => valuesOf(samples, field));
  const times = [...new Set(byLine.flatMap((values) => [...values.keys()]))].sort(
    (one, other) => one - other,
  );
  return {
    times: times.map((timeMs) => timeMs / 1000),
    columns: byLine.map((values) => times.map((timeMs) => values.get(timeMs))),
  };
}

/** Returns the values by time, with a null in the middle of each gap. */
function valuesOf(samples: readonly SampleAnswer[], field: PlotField): Map<number, number | null> {
  const times = samples.map(middleOf);
  const values = new Map<number, number | null>();
  for (const [place, sample] of samples.entries()) {
    values.set(times[place]!, sample[field] ?? null);
    if (isBeforeGap(times, place)) values.set((times[place]! + times[place + 1]!) / 2, null);
  }
  return values;
}

/** Judges by the times around it, because a job may be measured at other intervals than before. */
function isBeforeGap(times: readonly number[], place: number): boolean {
  if (place + 1 >= times.length) return false;
  const spanAt = (from: number) => (times[from + 1] ?? Number.NaN) - (times[from] ?? Number.NaN);
  const around = [spanAt(place - 1), spanAt(place + 1)].filter((span) => !Number.isNaN(span));
  return around.length > 0 && spanAt(place) > GAP_FACTOR * Math.max(...around);
}

/** A point stands for its span, so that it belongs in the middle. */
const middleOf = ({ timestamp, summary }: SampleAnswer): number =>
  Date.parse(timestamp) + (summary ? 500 * summary.seconds : 0);
