import type { Database } from 'bun:sqlite';
import { mergeSamples, placeOf, sliceReadings } from '../../../domain/readings.ts';
import { type ChunkColumns, unpackColumns } from '../../chunk/chunk.ts';
import { unpackIfWhole } from '../samples/damage.ts';
import { totalsWriter } from '../samples/totals.ts';
import { chunkWriter } from './chunk-writer.ts';

/** Samples of one chunk: half a day at one each 30 s, and packed about as much as fills a page of 4 kB or two. */
const CHUNK_SAMPLES = 1440;
/** Samples of one millisecond stay in one chunk up to this many; a chunk of them is still read in less than a millisecond. */
const MAX_SAMPLES = 8192;

interface ChunkRow {
  readonly seq: number;
  readonly data: Uint8Array;
}

/** Moves samples into chunks, inside the transaction of the group. */
export function sampleSealer(db: Database) {
  const addTotals = totalsWriter(db);
  const chunks = chunkWriter(db);
  // Where several chunks begin with the same millisecond, the newest arrivals are in the last.
  const selectBefore = db.query<ChunkRow, [number, number, number]>(
    `SELECT seq, data FROM chunk WHERE job = ? AND node = ? AND tier = 0 AND start_time <= ?
      ORDER BY start_time DESC, seq DESC LIMIT 1`,
  );
  const selectAfter = db.query<{ start_time: number }, [number, number, number]>(
    'SELECT start_time FROM chunk WHERE job = ? AND node = ? AND tier = 0 AND start_time > ? ORDER BY start_time LIMIT 1',
  );
  const deleteChunk = db.query('DELETE FROM chunk WHERE seq = ?');

  /**
   * Packs the samples into the chunk whose span they fall into, or behind the newest one, so that the spans of a job and
   * node overlap in no more than the samples of one millisecond, however late or out of order samples came.
   */
  function pack(job: number, node: number, samples: ChunkColumns): void {
    for (let start = 0; start < samples.count; ) {
      const firstMs = samples.times[start]!;
      const chunk = selectBefore.get(job, node, firstMs);
      const nextMs = selectAfter.get(job, node, firstMs)?.start_time ?? Number.POSITIVE_INFINITY;
      const end = placeOf(samples.times, nextMs, start);
      replaceChunk(job, node, chunk ?? undefined, sliceReadings(samples, start, end));
      start = end;
    }
  }

  function replaceChunk(job: number, node: number, chunk: ChunkRow | undefined, added: ChunkColumns): void {
    const known = chunk && unpackIfWhole(chunk.data, unpackColumns);
    // A damaged chunk stays as it is for somebody to repair; its samples can be no other chunk's.
    if (!chunk || !known || isFull(known, added.times[0]!)) {
      insertChunks(job, node, added);
      return;
    }
    deleteChunk.run(chunk.seq);
    insertChunks(job, node, mergeSamples(known, added));
  }

  function insertChunks(job: number, node: number, samples: ChunkColumns): void {
    for (let start = 0; start < samples.count; ) {
      const end = endOfChunk(samples.times, start);
      chunks.insert(job, node, sliceReadings(samples, start, end));
      start = end;
    }
  }

  return {
    /**
     * Seals samples of a job on a node, ascending in time, and returns those older than `beforeMs` instead, which are not
     * to be kept as samples.
     */
    seal(job: number, node: number, samples: ChunkColumns, beforeMs: number): ChunkColumns {
      const kept = placeOf(samples.times, beforeMs);
      if (kept < samples.count) pack(job, node, sliceReadings(samples, kept, samples.count));
      addTotals(job, node, samples);
      return sliceReadings(samples, 0, kept);
    },
  };
}

/** Whether a chunk stays as it is when samples from `firstMs` on follow. */
function isFull({ count, times }: ChunkColumns, firstMs: number): boolean {
  const lastMs = times[count - 1]!;
  return (count >= CHUNK_SAMPLES && firstMs > lastMs) || (count >= MAX_SAMPLES && firstMs === lastMs);
}

/**
 * Samples of one millisecond stay together, or have chunks of their own where they are too many: a chunk that begins with a
 * millisecond holds nothing that came before the other samples of it.
 */
function endOfChunk(times: Float64Array, start: number): number {
  const end = start + CHUNK_SAMPLES;
  if (end >= times.length) return times.length;
  const groupEnd = placeOf(times, times[end - 1]! + 1, end);
  if (groupEnd - start <= MAX_SAMPLES) return groupEnd;
  const groupStart = placeOf(times, times[end - 1]!, start);
  return groupStart > start ? groupStart : start + MAX_SAMPLES;
}
