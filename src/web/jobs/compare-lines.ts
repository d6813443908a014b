import type { SparklineAnswer } from '../../api/sparkline.ts';

// The lines of several jobs over the time since each began. Pure.

type Measure = 'cpu' | 'memory_mb' | 'gpu';

export interface Compared {
  /** Seconds since the start of a job, ascending. */
  readonly times: number[];
  /** A column a job: null in a gap, undefined where only other jobs have a value. */
  readonly columns: (number | null | undefined)[][];
}

/** Aligns one measure of several jobs. A span stands for its middle. */
export function compareLines(lines: readonly (SparklineAnswer | undefined)[], measure: Measure): Compared {
  const byJob = lines.map((line) => {
    const values = new Map<number, number | null>();
    for (const [place, value] of (line?.[measure] ?? []).entries())
      values.set(Math.round((place + 0.5) * line!.seconds), value);
    return values;
  });
  const times = [...new Set(byJob.flatMap((values) => [...values.keys()]))].sort((one, other) => one - other);
  return { times, columns: byJob.map((values) => times.map((time) => values.get(time))) };
}

/** Whether a job has any value of a measure. */
export const hasMeasure = (line: SparklineAnswer | undefined, measure: Measure): boolean =>
  line?.[measure]?.some((value) => value !== null) ?? false;
