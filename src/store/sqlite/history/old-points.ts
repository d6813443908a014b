import type { Database } from 'bun:sqlite';
import { joinPoints, summarize } from '../../../domain/summary.ts';
import { type ChunkColumns, samplesOf, unpackColumns } from '../../chunk/chunk.ts';
import { packPoints, unpackPoints } from '../../chunk/points.ts';
import { unpackIfWhole } from '../../chunk/whole.ts';
import type { SetAside } from './set-aside.ts';

/** Points in one row: about five days. */
const CHUNK_POINTS = 512;
/** Rows of points deleted at once: about half a millisecond. */
const CHUNKS_AT_ONCE = 20;

interface ChunkRow {
  readonly seq: number;
  readonly job: number;
  readonly node: number;
  readonly data: Uint8Array;
}

/** Replaces old samples with points, and deletes old points, inside the transaction of the group. */
export function pointWriter(db: Database, aside: SetAside) {
  const selectExpired = db.query<ChunkRow, [number, number]>(
    'SELECT seq, job, node, data FROM chunk WHERE tier = 0 AND end_time < ? ORDER BY end_time LIMIT 1 OFFSET ?',
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
    `DELETE FROM chunk WHERE seq IN
       (SELECT seq FROM chunk WHERE tier = 1 AND end_time < ? ORDER BY end_time LIMIT ${CHUNKS_AT_ONCE})`,
  );
  const selectId = db.query<{ id: string }, [number]>('SELECT id FROM job WHERE seq = ?');

  /** Adds the points of samples to the points of their series. */
  function add(job: number, node: number, samples: ChunkColumns): void {
    const points = summarize(
      samplesOf(samples).map(({ gpuUsage, ...rest }) => ({
        ...rest,
        ...(gpuUsage !== null && { gpuUsage }),
      })),
    );
    const chunk = selectPoints.get(job, node, points[0]!.timeMs);
    // A damaged chunk stays as it is, so that it can be repaired.
    const known = chunk ? unpackIfWhole(chunk.data, unpackPoints) : [];
    const isApart = !known || (known.length >= CHUNK_POINTS && known.at(-1)!.timeMs < points[0]!.timeMs);
    if (chunk && !isApart) deleteChunk.run(chunk.seq);
    const merged = isApart ? points : joinPoints(known, points);
    const [firstMs, lastMs] = [merged[0]!.timeMs, merged.at(-1)!.timeMs];
    insertPoints.run(job, node, firstMs, lastMs, merged.length, packPoints(merged));
  }

  function expireChunk({ seq, job, node, data }: ChunkRow): void {
    deleteChunk.run(seq);
    // A damaged chunk leaves no points.
    const expired = unpackIfWhole(data, unpackColumns);
    if (expired) add(job, node, expired);
  }

  const describe = ({ job }: ChunkRow) =>
    `Samples of job ${JSON.stringify(selectId.get(job)?.id ?? job)} are past their retention and could not be turned into points`;

  return {
    add,

    /**
     * Turns chunks of samples older than `beforeMs` into points, oldest first, until `isOver`; returns
     * whether there may be more.
     */
    expireSamples(beforeMs: number, isOver: () => boolean): boolean {
      let skipped = 0;
      for (;;) {
        const chunk = selectExpired.get(beforeMs, skipped);
        if (!chunk) return false;
        const key = `chunk ${chunk.seq}`;
        aside.attempt(
          key,
          () => describe(chunk),
          () => expireChunk(chunk),
        );
        if (aside.has(key)) skipped++;
        if (isOver()) return true;
      }
    },

    /** Deletes points older than `beforeMs` until `isOver`; returns whether there may be more. */
    expirePoints(beforeMs: number, isOver: () => boolean): boolean {
      while (deletePoints.run(beforeMs).changes > 0) if (isOver()) return true;
      return false;
    },
  };
}
