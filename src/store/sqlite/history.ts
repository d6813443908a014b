import type { Database } from 'bun:sqlite';
import type { Retention } from '../../domain/store.ts';
import { mergePoints, type Point, summarize } from '../../domain/summary.ts';
import type { ChunkSample } from './chunk.ts';
import { unpackIfWhole } from './damage.ts';
import { packPoints, unpackPoints } from './points.ts';
import { sampleSealer } from './sealing.ts';

/** Samples stay in the log this long, or until the log is full, so that a seal packs many of a job at once. */
const LOG_SPAN_MS = 60 * 60_000;
const MAX_LOG_ROWS = 1_000_000;
/** What ended so long ago at most is sealed at once; the rest of an ended job is sealed when its span is over. */
const JUST_ENDED_MS = 10 * 60_000;
/** A step goes on this long, well under the 25 ms that a write may wait for it. */
const STEP_MS = 5;
/** Each statement of a step takes about a millisecond. */
const STEP_ROWS = 500;
const STEP_CHUNKS = 4;
const STEP_JOBS = 20;
/** Points of one chunk: about five days. */
const CHUNK_POINTS = 512;

interface LogRow {
  readonly seq: number;
  readonly job: number;
  readonly node: number;
  readonly time: number;
  /** Null when the job has been deleted. */
  readonly sealed: number | null;
}

interface ChunkRow {
  readonly seq: number;
  readonly job: number;
  readonly node: number;
  readonly data: Uint8Array;
}

/**
 * Moves samples along: from the log into chunks, from chunks into points when they are too old for samples, and out when they are too old for points.
 * Each call is a small step inside the transaction of the group. `onJobsDeleted` is told when jobs have gone for their age.
 */
export function historyWriter(db: Database, onJobsDeleted: () => void) {
  const sealer = sampleSealer(db);
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
  const selectExpired = db.query<ChunkRow, [number, number]>(
    'SELECT seq, job, node, data FROM chunk WHERE tier = 0 AND end_time < ? ORDER BY end_time LIMIT ?',
  );
  const selectPoints = db.query<ChunkRow, [number, number, number]>(
    `SELECT seq, job, node, data FROM chunk WHERE job = ? AND node = ? AND tier = 1 AND start_time <= ?
      ORDER BY start_time DESC LIMIT 1`,
  );
  const insertPoints = db.query(
    'INSERT INTO chunk (job, node, tier, start_time, end_time, samples, data) VALUES (?, ?, 1, ?, ?, ?, ?)',
  );
  const deleteChunk = db.query('DELETE FROM chunk WHERE seq = ?');
  const deletePoints = db.query(
    'DELETE FROM chunk WHERE seq IN (SELECT seq FROM chunk WHERE tier = 1 AND end_time < ? LIMIT ?)',
  );
  const deleteJobs = db.query(
    'DELETE FROM job WHERE seq IN (SELECT seq FROM job WHERE end_time < ? ORDER BY end_time LIMIT ?)',
  );

  function seal(job: number, node: number, beforeMs: number): void {
    const expired = sealer.seal(job, node, beforeMs);
    if (expired.length > 0) keepPoints(job, node, expired);
  }

  /** Adds the points of samples to those of their job and node. */
  function keepPoints(job: number, node: number, samples: readonly ChunkSample[]): void {
    const points = summarize(
      samples.map(({ gpuUsage, ...rest }) => ({ ...rest, ...(gpuUsage !== null && { gpuUsage }) })),
    );
    const chunk = selectPoints.get(job, node, points[0]!.timeMs);
    const known = chunk ? unpackPoints(chunk.data) : [];
    const isApart = known.length >= CHUNK_POINTS && known.at(-1)!.timeMs < points[0]!.timeMs;
    if (chunk && !isApart) deleteChunk.run(chunk.seq);
    const merged = isApart ? points : joinPoints(known, points);
    const [firstMs, lastMs] = [merged[0]!.timeMs, merged.at(-1)!.timeMs];
    insertPoints.run(job, node, firstMs, lastMs, merged.length, packPoints(merged));
  }

  /**
   * Walks the log from its oldest row and cuts it at the first that has to stay: a row that is sealed, or whose job
   * is gone, goes; one whose time has come is sealed with all the others of its job and node. The newest row stays, because its
   * number must not be given again.
   */
  function shortenLog(olderThanMs: number, beforeMs: number, isOver: () => boolean): boolean {
    const rows = selectOldest.all(STEP_ROWS);
    const isFull = selectLogRows.get()!.rows > MAX_LOG_ROWS;
    const sealedNow = new Set<string>();
    const isDead = ({ seq, job, node, sealed }: LogRow) =>
      sealed === null || seq <= sealed || sealedNow.has(`${job} ${node}`);
    let gone = 0;
    for (const row of rows) {
      if (!isDead(row)) {
        if ((row.time >= olderThanMs && !isFull) || isOver()) break;
        seal(row.job, row.node, beforeMs);
        sealedNow.add(`${row.job} ${row.node}`);
      }
      gone++;
    }
    if (gone > 0) deleteOldest.run(rows[gone - 1]!.seq);
    return gone > 0 && (gone === rows.length || isOver());
  }

  function expireJobs(beforeMs: number): boolean {
    const isSome = deleteJobs.run(beforeMs, STEP_JOBS).changes > 0;
    if (isSome) onJobsDeleted();
    return isSome;
  }

  function sealJustEnded(nowMs: number, beforeMs: number): boolean {
    const ended = selectJustEnded.all(nowMs - JUST_ENDED_MS, STEP_JOBS);
    for (const { job, node } of ended) seal(job, node, beforeMs);
    return ended.length === STEP_JOBS;
  }

  function expireChunks(beforeMs: number): boolean {
    const chunks = selectExpired.all(beforeMs, STEP_CHUNKS);
    for (const { seq, job, node, data } of chunks) {
      deleteChunk.run(seq);
      // A damaged chunk that is too old to keep goes without leaving points.
      const expired = unpackIfWhole(data) ?? [];
      if (expired.length > 0) keepPoints(job, node, expired);
    }
    return chunks.length === STEP_CHUNKS;
  }

  return {
    /** One step; whether there is more to do. */
    expire({ sampleMs, summaryMs, jobMs }: Retention, nowMs: number): boolean {
      const endsAtMs = performance.now() + STEP_MS;
      const isOver = () => performance.now() > endsAtMs;
      const beforeMs = sampleMs === undefined ? 0 : nowMs - sampleMs;
      const parts = [
        () => jobMs !== undefined && expireJobs(nowMs - jobMs),
        () => sealJustEnded(nowMs, beforeMs),
        () => shortenLog(Math.max(nowMs - LOG_SPAN_MS, beforeMs), beforeMs, isOver),
        () => expireChunks(beforeMs),
        () => summaryMs !== undefined && deletePoints.run(nowMs - summaryMs, STEP_ROWS).changes > 0,
      ];
      return parts.reduce((hasMore, part) => (isOver() ? true : part() || hasMore), false);
    },
  };
}

/** Points of both, ascending; those of the same span as one. */
function joinPoints(known: readonly Point[], added: readonly Point[]): Point[] {
  const points = new Map(known.map((point) => [point.timeMs, point]));
  for (const point of added) {
    const same = points.get(point.timeMs);
    points.set(point.timeMs, same ? mergePoints(same, point) : point);
  }
  return [...points.values()].sort((one, other) => one.timeMs - other.timeMs);
}
