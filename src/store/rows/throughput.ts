import type { JobState } from '../../domain/job.ts';
import { type PartitionCount, type Tally, waitBound } from '../../domain/throughput.ts';
import { stateName } from './states.ts';

/** The bound of waits that are longer than all bounds. */
const BEYOND = 0;

/** A row of `live_count` or `finished_count` with the name of its partition. */
export interface PartitionRow {
  readonly partition: string | null;
  readonly state: number;
  readonly count: number;
}

/** Sums the ends and waits of runs over a group, so that each counter is written once a commit. */
export class ThroughputSums {
  readonly #ended = new Map<string, Map<JobState, number>>();
  readonly #waits = new Map<number, { runs: number; waitMs: number }>();

  /** Adds what a change of a run counts (domain `tallyRun`). */
  add({ finished, waitMs }: Tally): void {
    if (finished) {
      const states = this.#ended.get(finished.partition) ?? new Map<JobState, number>();
      this.#ended.set(finished.partition, states.set(finished.state, (states.get(finished.state) ?? 0) + 1));
    }
    if (waitMs === undefined) return;
    const bound = waitBound(waitMs);
    const known = this.#waits.get(bound) ?? { runs: 0, waitMs: 0 };
    this.#waits.set(bound, { runs: known.runs + 1, waitMs: known.waitMs + waitMs });
  }

  /** Returns the sums since the last call or `clear`. */
  take() {
    const ended = [...this.#ended].flatMap(([partition, states]) =>
      Array.from(states, ([state, runs]) => ({ partition, state, runs })),
    );
    const waits = Array.from(this.#waits, ([bound, sums]) => ({
      seconds: bound === Infinity ? BEYOND : bound,
      ...sums,
    }));
    this.clear();
    return { ended, waits };
  }

  clear(): void {
    this.#ended.clear();
    this.#waits.clear();
  }
}

/** Returns the bound of a row of `queue_wait`, in seconds. */
export const boundOf = (seconds: number): number => (seconds === BEYOND ? Infinity : seconds);

/** Reads a row of `live_count` or `finished_count`. */
export const readCount = ({ partition, state, count }: PartitionRow): PartitionCount => ({
  partition: partition ?? '',
  state: stateName(state),
  count,
});
