import type { Database } from 'bun:sqlite';
import type { JobState } from '../../../domain/job.ts';
import { type PartitionCount, type Tally, type Throughput, waitBound } from '../../../domain/throughput.ts';
import { stateName, stateNumber } from './states.ts';

/** The partition of jobs whose partition is unknown, and the bound of waits longer than all bounds. */
const NO_PARTITION = 0;
const BEYOND = 0;

interface PartitionRow {
  readonly partition: string | null;
  readonly state: number;
  readonly count: number;
}

/** Sums the ends and waits of runs over a group and writes each counter once a commit. */
export function throughputWriter(db: Database, numberLabel: (name: string) => number) {
  const addFinished = db.query(
    'INSERT INTO finished_count VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET runs = runs + ?3',
  );
  const addWaits = db.query(
    'INSERT INTO queue_wait VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET runs = runs + ?2, wait = wait + ?3',
  );
  const ended = new Map<string, Map<JobState, number>>();
  const waits = new Map<number, { runs: number; waitMs: number }>();

  function flushFinished(partition: string, states: ReadonlyMap<JobState, number>): void {
    const label = partition === '' ? NO_PARTITION : numberLabel(partition);
    for (const [state, runs] of states) addFinished.run(label, stateNumber(state), runs);
  }

  function clear(): void {
    ended.clear();
    waits.clear();
  }

  return {
    /** Adds what a change of a run counts (domain `tallyRun`). */
    add({ finished, waitMs }: Tally): void {
      if (finished) {
        const states = ended.get(finished.partition) ?? new Map<JobState, number>();
        ended.set(finished.partition, states.set(finished.state, (states.get(finished.state) ?? 0) + 1));
      }
      if (waitMs === undefined) return;
      const bound = waitBound(waitMs);
      const known = waits.get(bound) ?? { runs: 0, waitMs: 0 };
      waits.set(bound, { runs: known.runs + 1, waitMs: known.waitMs + waitMs });
    },
    /** Writes the sums into the transaction. */
    flush(): void {
      for (const [partition, states] of ended) flushFinished(partition, states);
      for (const [bound, { runs, waitMs }] of waits) {
        addWaits.run(bound === Infinity ? BEYOND : bound, runs, waitMs);
      }
      clear();
    },
    /** Discards the sums after a rollback. */
    forget: clear,
  };
}

/** Reads the throughput counters; they are a few rows for any number of jobs. */
export function throughputReader(db: Database): () => Throughput {
  const partition = '(SELECT name FROM label WHERE id = partition) AS partition';
  const selectLive = db.query<PartitionRow, []>(`SELECT ${partition}, state, jobs AS count FROM live_count`);
  const selectFinished = db.query<PartitionRow, []>(
    `SELECT ${partition}, state, runs AS count FROM finished_count`,
  );
  const selectWaits = db.query<{ seconds: number; runs: number; wait: number }, []>(
    'SELECT seconds, runs, wait FROM queue_wait',
  );
  return () => {
    const waits = selectWaits.all();
    return {
      live: selectLive.all().map(readCount),
      finished: selectFinished.all().map(readCount),
      waits: {
        runs: new Map(waits.map(({ seconds, runs }) => [seconds === BEYOND ? Infinity : seconds, runs])),
        totalSeconds: waits.reduce((sum, { wait }) => sum + wait, 0) / 1000,
      },
    };
  };
}

const readCount = ({ partition, state, count }: PartitionRow): PartitionCount => ({
  partition: partition ?? '',
  state: stateName(state),
  count,
});
