import type { Database } from 'bun:sqlite';
import { mergeSamples, placeOf, sliceReadings } from '../../../domain/readings.ts';
import { type ChunkColumns, unpackColumns } from '../../chunk/chunk.ts';
import { endOfChunk, greatestCount, isFull } from '../../chunk/cut.ts';
import { unpackIfWhole } from '../../chunk/whole.ts';
import { latestMeasureDropper } from '../samples/latest-measures.ts';
import { totalsWriter } from '../samples/totals.ts';
import { chunkWriter } from './chunk-writer.ts';

interface ChunkRow {
  readonly seq: number;
  readonly data: Uint8Array;
}

/** Moves samples into chunks, inside the transaction of the group. */
export function sampleSealer(db: Database) {
  const addTotals = totalsWriter(db);
  const chunks = chunkWriter(db);
  const dropLatest = latestMeasureDropper(db);
  // If several chunks begin with the same millisecond, the last one has the newest arrivals.
  const selectBefore = db.query<ChunkRow, [number, number, number]>(
    `SELECT seq, data FROM chunk WHERE job = ? AND node = ? AND tier = 0 AND start_time <= ?
      ORDER BY start_time DESC, seq DESC LIMIT 1`,
  );
  const selectAfter = db.query<{ start_time: number }, [number, number, number]>(
    'SELECT start_time FROM chunk WHERE job = ? AND node = ? AND tier = 0 AND start_time > ? ORDER BY start_time LIMIT 1',
  );
  const deleteChunk = db.query('DELETE FROM chunk WHERE seq = ?');

  /**
   * Packs samples into the chunk in whose span they lie, or after the newest one, so that the chunks of a
   * series overlap in at most one millisecond, however late samples arrive.
   */
  function pack(job: number, node: number, samples: ChunkColumns, fullSamples: number): void {
    for (let start = 0; start < samples.count; ) {
      const firstMs = samples.times[start]!;
      const chunk = selectBefore.get(job, node, firstMs);
      const nextMs = selectAfter.get(job, node, firstMs)?.start_time ?? Number.POSITIVE_INFINITY;
      const end = placeOf(samples.times, nextMs, start);
      replaceChunk(job, node, chunk ?? undefined, sliceReadings(samples, start, end), fullSamples);
      start = end;
    }
  }

  function replaceChunk(
    job: number,
    node: number,
    chunk: ChunkRow | undefined,
    added: ChunkColumns,
    fullSamples: number,
  ): void {
    const known = chunk && unpackIfWhole(chunk.data, (data) => unpackColumns(data, 'all'));
    // A damaged chunk stays as it is, so that it can be repaired.
    if (!chunk || !known || isFull(known, added.times[0]!, fullSamples)) {
      insertChunks(job, node, added);
      return;
    }
    deleteChunk.run(chunk.seq);
    insertChunks(job, node, mergeSamples(known, added));
  }

  function insertChunks(job: number, node: number, samples: ChunkColumns): void {
    for (let start = 0; start < samples.count; ) {
      const end = endOfChunk(samples.times, start, greatestCount(samples));
      chunks.insert(job, node, sliceReadings(samples, start, end));
      start = end;
    }
  }

  return {
    /**
     * Seals samples of a job on a node, ascending in time. Samples older than `beforeMs` are not packed but
     * returned, so that the caller can turn them into points. A chunk of `fullSamples` gets no later ones.
     */
    seal(
      job: number,
      node: number,
      samples: ChunkColumns,
      { beforeMs, fullSamples }: { beforeMs: number; fullSamples: number },
    ): ChunkColumns {
      const kept = placeOf(samples.times, beforeMs);
      if (kept < samples.count) pack(job, node, sliceReadings(samples, kept, samples.count), fullSamples);
      addTotals(job, node, samples);
      if (samples.further) dropLatest(job, node);
      return sliceReadings(samples, 0, kept);
    },
  };
}
