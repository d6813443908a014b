import type { Tally, Throughput } from '../../../domain/throughput.ts';
import { NO_PARTITION } from '../../rows/job.ts';
import { stateNumber } from '../../rows/states.ts';
import { boundOf, type PartitionRow, readCount, ThroughputSums } from '../../rows/throughput.ts';
import { bulkInserter } from '../sql/insert.ts';
import type { NameNumberers } from '../sql/names.ts';
import type { Queries, Writing } from '../sql/queries.ts';

/** Sums the ends and waits of runs over a group and writes each counter once a commit. */
export function throughputWriter(db: Writing, { learnLabels, numberLabel }: NameNumberers) {
  const addFinished = bulkInserter(
    db,
    'finished_count',
    [
      ['partition', 'integer'],
      ['state', 'smallint'],
      ['runs', 'bigint'],
    ],
    'ON CONFLICT (partition, state) DO UPDATE SET runs = finished_count.runs + excluded.runs',
  );
  const addWaits = bulkInserter(
    db,
    'queue_wait',
    [
      ['seconds', 'bigint'],
      ['runs', 'bigint'],
      ['wait', 'bigint'],
    ],
    'ON CONFLICT (seconds) DO UPDATE SET runs = queue_wait.runs + excluded.runs, wait = queue_wait.wait + excluded.wait',
  );
  const sums = new ThroughputSums();
  return {
    /** Adds what a change of a run counts (domain `tallyRun`). */
    add: (tally: Tally): void => sums.add(tally),
    /** Writes the sums into the transaction. */
    async flush(): Promise<void> {
      const { ended, waits } = sums.take();
      await learnLabels(ended.flatMap(({ partition }) => (partition === '' ? [] : partition)));
      addFinished(
        ended.map(({ partition, state, runs }) => [
          partition === '' ? NO_PARTITION : numberLabel(partition),
          stateNumber(state),
          runs,
        ]),
      );
      addWaits(waits.map(({ seconds, runs, waitMs }) => [seconds, runs, waitMs]));
    },
    /** Discards the sums after a rollback. */
    forget: (): void => sums.clear(),
  };
}

/** Reads the throughput counters; they are a few rows for any number of jobs. */
export async function readThroughput(db: Queries): Promise<Throughput> {
  const partition = '(SELECT name FROM label WHERE id = partition) AS partition';
  const [live, finished, waits] = await Promise.all([
    db.all<PartitionRow>(`SELECT ${partition}, state, jobs AS count FROM live_count`),
    db.all<PartitionRow>(`SELECT ${partition}, state, runs AS count FROM finished_count`),
    db.all<{ seconds: number; runs: number; wait: number }>('SELECT seconds, runs, wait FROM queue_wait'),
  ]);
  return {
    live: live.map(readCount),
    finished: finished.map(readCount),
    waits: {
      runs: new Map(waits.map(({ seconds, runs }) => [boundOf(seconds), runs])),
      totalSeconds: waits.reduce((sum, { wait }) => sum + wait, 0) / 1000,
    },
  };
}
