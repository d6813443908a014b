import type { Database } from 'bun:sqlite';
import type { Retention } from '../../domain/store.ts';
import { mergePoints, type Point, summarize } from '../../domain/summary.ts';
import { type ChunkColumns, samplesOf, unpackColumns } from './chunk.ts';
import { unpackIfWhole } from './damage.ts';
import type { LogWriter } from './log.ts';
import { packPoints, unpackPoints } from './points.ts';
import { sampleSealer } from './sealing.ts';
import { logShortener } from './shorten.ts';
import { pageReturner } from './vacuum.ts';

/** Samples stay in the log this long, or until the log is full, so that a seal packs many of a job at once. */
const LOG_SPAN_MS = 60 * 60_000;
/** A step goes on this long, well under the 25 ms that a write may wait for it. */
const STEP_MS = 5;
/** Each statement of a step takes about a millisecond. */
const STEP_ROWS = 500;
const STEP_CHUNKS = 4;
const STEP_JOBS = 20;
/** Points of one chunk: about five days. */
const CHUNK_POINTS = 512;

interface ChunkRow {
  readonly seq: number;
  readonly job: number;
  readonly node: number;
  readonly data: Uint8Array;
}

/**
 * Moves samples along: from the log into chunks, from chunks into points when they are too old for samples, and out when they are too old for points.
 * Each call is a small step inside the transaction of the group. Jobs go by `removeJob`; `onJobsDeleted` is told when some have
 * gone for their age.
 */
export function historyWriter(
  db: Database,
  log: LogWriter,
  { removeJob, onJobsDeleted }: { removeJob: (seq: number) => void; onJobsDeleted: () => void },
) {
  const sealer = sampleSealer(db);
  const shortener = logShortener(db, log, seal);
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
  const returnPages = pageReturner(db);
  const deletePoints = db.query(
    'DELETE FROM chunk WHERE seq IN (SELECT seq FROM chunk WHERE tier = 1 AND end_time < ? LIMIT ?)',
  );
  const selectEnded = db.query<{ seq: number }, [number, number]>(
    'SELECT seq FROM job WHERE end_time < ? ORDER BY end_time LIMIT ?',
  );

  function seal(job: number, node: number, samples: ChunkColumns, beforeMs: number): void {
    const expired = sealer.seal(job, node, samples, beforeMs);
    if (expired.count > 0) keepPoints(job, node, expired);
  }

  /** Adds the points of samples to those of their job and node. */
  function keepPoints(job: number, node: number, samples: ChunkColumns): void {
    const points = summarize(
      samplesOf(samples).map(({ gpuUsage, ...rest }) => ({
        ...rest,
        ...(gpuUsage !== null && { gpuUsage }),
      })),
    );
    const chunk = selectPoints.get(job, node, points[0]!.timeMs);
    const known = chunk ? unpackPoints(chunk.data) : [];
    const isApart = known.length >= CHUNK_POINTS && known.at(-1)!.timeMs < points[0]!.timeMs;
    if (chunk && !isApart) deleteChunk.run(chunk.seq);
    const merged = isApart ? points : joinPoints(known, points);
    const [firstMs, lastMs] = [merged[0]!.timeMs, merged.at(-1)!.timeMs];
    insertPoints.run(job, node, firstMs, lastMs, merged.length, packPoints(merged));
  }

  function expireJobs(beforeMs: number): boolean {
    const ended = selectEnded.all(beforeMs, STEP_JOBS);
    for (const { seq } of ended) removeJob(seq);
    if (ended.length > 0) onJobsDeleted();
    return ended.length > 0;
  }

  function expireChunks(beforeMs: number): boolean {
    const chunks = selectExpired.all(beforeMs, STEP_CHUNKS);
    for (const { seq, job, node, data } of chunks) {
      deleteChunk.run(seq);
      // A damaged chunk that is too old to keep goes without leaving points.
      const expired = unpackIfWhole(data, unpackColumns);
      if (expired) keepPoints(job, node, expired);
    }
    return chunks.length === STEP_CHUNKS;
  }

  return {
    /** The transaction has been rolled back. */
    forget: shortener.forget,

    /** One step; whether there is more to do. */
    expire({ sampleMs, summaryMs, jobMs }: Retention, nowMs: number): boolean {
      const endsAtMs = performance.now() + STEP_MS;
      const isOver = () => performance.now() > endsAtMs;
      const beforeMs = sampleMs === undefined ? 0 : nowMs - sampleMs;
      const parts = [
        () => jobMs !== undefined && expireJobs(nowMs - jobMs),

        () => shortener.shorten({ olderThanMs: Math.max(nowMs - LOG_SPAN_MS, beforeMs), beforeMs }, isOver),
        () => expireChunks(beforeMs),
        () => summaryMs !== undefined && deletePoints.run(nowMs - summaryMs, STEP_ROWS).changes > 0,
        () => returnPages(isOver),
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
