import { joinPoints, summarize } from '../../../domain/summary.ts';
import { type ChunkColumns, samplesOf, unpackColumns } from '../../chunk/chunk.ts';
import { packPoints, unpackPoints } from '../../chunk/points.ts';
import { unpackIfWhole } from '../../chunk/whole.ts';
import type { Writing } from '../sql/queries.ts';
import type { SetAside } from './set-aside.ts';

/** Points in one row: about five days. */
const CHUNK_POINTS = 512;
/** Rows of points deleted at once. */
const CHUNKS_AT_ONCE = 200;

interface ChunkRow {
  readonly seq: number;
  readonly job: number;
  readonly node: number;
  readonly data: Uint8Array;
}

/** Replaces old samples with points, and deletes old points, inside the transaction of the group. */
export function pointWriter(db: Writing, aside: SetAside) {
  /** Adds the points of samples to the points of their series. */
  async function add(job: number, node: number, samples: ChunkColumns): Promise<void> {
    const points = summarize(
      samplesOf(samples).map(({ gpuUsage, ...rest }) => ({
        ...rest,
        ...(gpuUsage !== null && { gpuUsage }),
      })),
    );
    const chunk = await db.get<ChunkRow>(
      `SELECT seq, job, node, data FROM chunk
        WHERE job = $1::bigint AND node = $2 AND tier = 1 AND start_time <= $3::bigint ORDER BY start_time DESC LIMIT 1`,
      [job, node, points[0]!.timeMs],
    );
    // A damaged chunk stays as it is, so that it can be repaired.
    const known = chunk ? unpackIfWhole(chunk.data, unpackPoints) : [];
    const isApart = !known || (known.length >= CHUNK_POINTS && known.at(-1)!.timeMs < points[0]!.timeMs);
    if (chunk && !isApart) db.send('DELETE FROM chunk WHERE seq = $1::bigint', [chunk.seq]);
    const merged = isApart ? points : joinPoints(known, points);
    db.send(
      'INSERT INTO chunk (job, node, tier, start_time, end_time, samples, data) VALUES ($1, $2, 1, $3, $4, $5, $6)',
      [job, node, merged[0]!.timeMs, merged.at(-1)!.timeMs, merged.length, packPoints(merged)],
    );
  }

  async function expireChunk({ seq, job, node, data }: ChunkRow): Promise<void> {
    db.send('DELETE FROM chunk WHERE seq = $1::bigint', [seq]);
    // A damaged chunk leaves no points.
    const expired = unpackIfWhole(data, unpackColumns);
    if (expired) await add(job, node, expired);
  }

  return {
    add,

    /**
     * Turns chunks of samples older than `beforeMs` into points, oldest first, until `isOver`; returns
     * whether there may be more.
     */
    async expireSamples(beforeMs: number, isOver: () => boolean, onChange: () => void): Promise<boolean> {
      let skipped = 0;
      for (;;) {
        const chunk = await db.get<ChunkRow & { id: string | null }>(
          `SELECT seq, job, node, data, (SELECT id FROM job WHERE job.seq = chunk.job) AS id FROM chunk
            WHERE tier = 0 AND end_time < $1::bigint ORDER BY end_time LIMIT 1 OFFSET $2`,
          [beforeMs, skipped],
        );
        if (!chunk) return false;
        const what = () =>
          `Samples of job ${JSON.stringify(chunk.id ?? chunk.job)} are past their retention and could not be turned into points`;
        if (await aside.attempt(`chunk ${chunk.seq}`, what, () => expireChunk(chunk))) onChange();
        else skipped++;
        if (isOver()) return true;
      }
    },

    /** Deletes some points older than `beforeMs`; returns how many rows. */
    expirePoints: (beforeMs: number): Promise<number> =>
      db.change(
        `DELETE FROM chunk WHERE seq IN
           (SELECT seq FROM chunk WHERE tier = 1 AND end_time < $1::bigint ORDER BY end_time LIMIT ${CHUNKS_AT_ONCE})`,
        [beforeMs],
      ),
  };
}
