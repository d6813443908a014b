import type { Database } from 'bun:sqlite';
import type { ChunkColumns } from './chunk.ts';
import { unsealedReader } from './tail.ts';

/** The log is full at so many rows: the oldest are sealed, however new they are. */
const MAX_LOG_ROWS = 1_000_000;
/** What ended so long ago at most is sealed at once; the rest of an ended job is sealed when its span is over. */
const JUST_ENDED_MS = 10 * 60_000;
/** Each statement of a step takes about a millisecond. */
const STEP_ROWS = 500;
const STEP_SERIES = 20;

interface LogRow {
  readonly seq: number;
  readonly job: number;
  readonly node: number;
  readonly time: number;
  /** Null when the job has been deleted. */
  readonly sealed: number | null;
}

/** Keeps the samples of one job on one node, ascending in time, outside of the log; those before `beforeMs` are too old for samples. */
export type SealSamples = (job: number, node: number, samples: ChunkColumns, beforeMs: number) => void;

/** Takes samples out of the log, inside the transaction of the group. */
export function logShortener(db: Database, seal: SealSamples) {
  const log = unsealedReader(db);
  const setSealed = db.query('UPDATE usage SET sealed = last_sample WHERE job = ? AND node = ?');
  const selectOldest = db.query<LogRow, [number]>(
    `SELECT seq, job, node, time,
            (SELECT sealed FROM usage WHERE usage.job = sample.job AND usage.node = sample.node) AS sealed
       FROM sample WHERE seq < (SELECT max(seq) FROM sample) ORDER BY seq LIMIT ?`,
  );
  const selectLogRows = db.query<{ rows: number }, []>(
    'SELECT coalesce((SELECT max(seq) FROM sample) - (SELECT min(seq) FROM sample), 0) AS rows',
  );
  const deleteOldest = db.query('DELETE FROM sample WHERE seq <= ?');

  const selectJustEnded = db.query<{ job: number; node: number }, [number, number]>(
    `SELECT usage.job, usage.node FROM job JOIN usage ON usage.job = job.seq
      WHERE job.end_time >= ? AND usage.last_sample > usage.sealed LIMIT ?`,
  );
  /** Seals all that the log holds of a job on a node. */
  function sealSeries(job: number, node: number, beforeMs: number): void {
    const samples = log.readSeries(job, node);
    if (samples.count > 0) seal(job, node, samples, beforeMs);
    setSealed.run(job, node);
  }

  /**
   * Walks the log from its oldest row and cuts it at the first that has to stay: a row that is sealed, or whose job
   * is gone, goes; one whose time has come is sealed with all the others of its job and node. The newest row stays, because its
   * number must not be given again.
   */
  function shorten(olderThanMs: number, beforeMs: number, isOver: () => boolean): boolean {
    const rows = selectOldest.all(STEP_ROWS);
    const isFull = selectLogRows.get()!.rows > MAX_LOG_ROWS;
    const sealedNow = new Set<string>();
    const isDead = ({ seq, job, node, sealed }: LogRow) =>
      sealed === null || seq <= sealed || sealedNow.has(`${job} ${node}`);
    let gone = 0;
    for (const row of rows) {
      if (!isDead(row)) {
        if ((row.time >= olderThanMs && !isFull) || isOver()) break;
        sealSeries(row.job, row.node, beforeMs);
        sealedNow.add(`${row.job} ${row.node}`);
      }
      gone++;
    }
    if (gone > 0) deleteOldest.run(rows[gone - 1]!.seq);
    return gone > 0 && (gone === rows.length || isOver());
  }

  /** Seals what the log holds of jobs that have just ended; whether there may be more of them. */
  function sealJustEnded(nowMs: number, beforeMs: number): boolean {
    const ended = selectJustEnded.all(nowMs - JUST_ENDED_MS, STEP_SERIES);
    for (const { job, node } of ended) sealSeries(job, node, beforeMs);
    return ended.length === STEP_SERIES;
  }

  return { shorten, sealJustEnded };
}
