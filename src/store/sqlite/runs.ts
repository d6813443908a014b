import type { Reading } from '../../domain/store.ts';

/** Readings of one job and node that are sorted by time, and read only when it is their turn. */
export interface Run {
  readonly startMs: number;
  readonly endMs: number;
  readonly count: number;
  /** Ascending. */
  readonly open: () => readonly Reading[];
}

/** A run that has been read, and how far it has gone out; times count downwards for a descending merge. */
interface OpenRun {
  readonly readings: readonly Reading[];
  readonly end: number;
  next: number;
}

/**
 * Merges runs by time, ascending or descending, a batch at a time. In memory are only the runs whose spans
 * overlap at the moment, so a job of any length is read in constant memory.
 */
export function* mergeRuns(runs: readonly Run[], order: 'asc' | 'desc'): Generator<Reading[]> {
  const sign = order === 'asc' ? 1 : -1;
  const begin = (run: Run) => (sign === 1 ? run.startMs : -run.endMs);
  const openRun = (run: Run): OpenRun => ({
    readings: sign === 1 ? run.open() : run.open().toReversed(),
    end: sign === 1 ? run.endMs : -run.startMs,
    next: 0,
  });
  const waiting = [...runs].sort((one, other) => begin(other) - begin(one));
  let open: OpenRun[] = [];
  while (waiting.length > 0 || open.length > 0) {
    if (open.length === 0) open.push(openRun(waiting.pop()!));
    // Everything up to the first end among the open runs can go out, once all that begins before it is open.
    let horizon = open.reduce((least, run) => Math.min(least, run.end), Infinity);
    while (waiting.length > 0 && begin(waiting.at(-1)!) <= horizon) {
      const run = openRun(waiting.pop()!);
      open.push(run);
      horizon = Math.min(horizon, run.end);
    }
    const batch = open.flatMap((run) => takeUntil(run, horizon, sign));
    if (open.length > 1) batch.sort((one, other) => sign * (one.timeMs - other.timeMs));
    open = open.filter((run) => run.next < run.readings.length);
    if (batch.length > 0) yield batch;
  }
}

function takeUntil(run: OpenRun, horizon: number, sign: 1 | -1): readonly Reading[] {
  const start = run.next;
  while (run.next < run.readings.length && sign * run.readings[run.next]!.timeMs <= horizon) run.next++;
  return run.readings.slice(start, run.next);
}
