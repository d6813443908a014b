import { mergeSamples, placeOf, sliceReadings } from '../../../domain/readings.ts';
import { type ChunkColumns, packColumns, unpackColumns } from '../../chunk/chunk.ts';
import { endOfChunk, greatestCount, isFull, quartersOf } from '../../chunk/cut.ts';
import { packQuarters } from '../../chunk/quarters.ts';
import { unpackIfWhole } from '../../chunk/whole.ts';
import { totalsWriter } from '../samples/totals.ts';
import type { Writing } from '../sql/queries.ts';

/** A series whose samples are sealed. */
export interface SealedSeries {
  readonly id: number;
  readonly job: number;
  readonly node: number;
}

interface ChunkRow {
  readonly seq: number;
  readonly data: Uint8Array;
}

/** Moves samples into chunks, inside the transaction of the group. */
export function sampleSealer(db: Writing) {
  const addTotals = totalsWriter(db);

  function insertChunks({ job, node }: SealedSeries, samples: ChunkColumns): void {
    for (let start = 0; start < samples.count; ) {
      const end = endOfChunk(samples.times, start, greatestCount(samples));
      const part = sliceReadings(samples, start, end);
      const quarters = quartersOf(part);
      db.send(
        `INSERT INTO chunk (job, node, tier, start_time, end_time, samples, data, points)
           VALUES ($1, $2, 0, $3, $4, $5, $6, $7)`,
        [
          ...[job, node, part.times[0]!, part.times[part.count - 1]!, part.count],
          ...[packColumns(part), quarters ? packQuarters(quarters) : null],
        ],
      );
      start = end;
    }
  }

  /**
   * Packs samples into the chunk in whose span they lie, or after the newest one, so that the chunks of a
   * series overlap in at most one millisecond, however late samples arrive.
   */
  async function pack(series: SealedSeries, samples: ChunkColumns, fullSamples: number): Promise<void> {
    const { job, node } = series;
    for (let start = 0; start < samples.count; ) {
      const firstMs = samples.times[start]!;
      // If several chunks begin with the same millisecond, the last one has the newest arrivals.
      const before = db.get<ChunkRow>(
        `SELECT seq, data FROM chunk WHERE job = $1::bigint AND node = $2 AND tier = 0 AND start_time <= $3::bigint
          ORDER BY start_time DESC, seq DESC LIMIT 1`,
        [job, node, firstMs],
      );
      const after = db.get<{ start: number }>(
        `SELECT start_time AS start FROM chunk
          WHERE job = $1::bigint AND node = $2 AND tier = 0 AND start_time > $3::bigint ORDER BY start_time LIMIT 1`,
        [job, node, firstMs],
      );
      const [chunk, next] = await Promise.all([before, after]);
      const end = placeOf(samples.times, next?.start ?? Number.POSITIVE_INFINITY, start);
      replaceChunk(series, chunk, sliceReadings(samples, start, end), fullSamples);
      start = end;
    }
  }

  function replaceChunk(
    series: SealedSeries,
    chunk: ChunkRow | undefined,
    added: ChunkColumns,
    fullSamples: number,
  ): void {
    const known = chunk && unpackIfWhole(chunk.data, (data) => unpackColumns(data, 'all'));
    // A damaged chunk stays as it is, so that it can be repaired.
    const isApart = !chunk || !known || isFull(known, added.times[0]!, fullSamples);
    if (!isApart) db.send('DELETE FROM chunk WHERE seq = $1::bigint', [chunk.seq]);
    insertChunks(series, isApart ? added : mergeSamples(known, added));
  }

  return {
    /**
     * Seals samples of a series, ascending in time. Samples older than `beforeMs` are not packed but
     * returned, so that the caller can turn them into points. A chunk of `fullSamples` gets no later ones.
     */
    async seal(
      series: SealedSeries,
      samples: ChunkColumns,
      { beforeMs, fullSamples }: { beforeMs: number; fullSamples: number },
    ): Promise<ChunkColumns> {
      const kept = placeOf(samples.times, beforeMs);
      if (kept < samples.count) await pack(series, sliceReadings(samples, kept, samples.count), fullSamples);
      await addTotals(series.id, samples);
      if (samples.further)
        db.send(
          `DELETE FROM latest_measures WHERE usage = $1
              AND NOT EXISTS (SELECT 1 FROM job WHERE seq = $2::bigint AND end_time IS NULL)`,
          [series.id, series.job],
        );
      return sliceReadings(samples, 0, kept);
    },
  };
}
