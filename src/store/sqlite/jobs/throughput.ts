import type { Database } from 'bun:sqlite';
import type { Tally, Throughput } from '../../../domain/throughput.ts';
import { NO_PARTITION } from '../../rows/job.ts';
import { stateNumber } from '../../rows/states.ts';
import { boundOf, type PartitionRow, readCount, ThroughputSums } from '../../rows/throughput.ts';

/** Sums the ends and waits of runs over a group and writes each counter once a commit. */
export function throughputWriter(db: Database, numberLabel: (name: string) => number) {
  const addFinished = db.query(
    'INSERT INTO finished_count VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET runs = runs + ?3',
  );
  const addWaits = db.query(
    'INSERT INTO queue_wait VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET runs = runs + ?2, wait = wait + ?3',
  );
  const sums = new ThroughputSums();
  return {
    /** Adds what a change of a run counts (domain `tallyRun`). */
    add: (tally: Tally): void => sums.add(tally),
    /** Writes the sums into the transaction. */
    flush(): void {
      const { ended, waits } = sums.take();
      for (const { partition, state, runs } of ended)
        addFinished.run(partition === '' ? NO_PARTITION : numberLabel(partition), stateNumber(state), runs);
      for (const { seconds, runs, waitMs } of waits) addWaits.run(seconds, runs, waitMs);
    },
    /** Discards the sums after a rollback. */
    forget: (): void => sums.clear(),
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
        runs: new Map(waits.map(({ seconds, runs }) => [boundOf(seconds), runs])),
        totalSeconds: waits.reduce((sum, { wait }) => sum + wait, 0) / 1000,
      },
    };
  };
}
