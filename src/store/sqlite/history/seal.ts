import type { Database } from 'bun:sqlite';
import { mergeSamples, placeOf, sliceReadings } from '../../../domain/readings.ts';
import { type ChunkColumns, unpackColumns } from '../../chunk/chunk.ts';
import { unpackIfWhole } from '../../chunk/whole.ts';
import { DOCUMENTED_COLUMNS } from '../samples/gather.ts';
import { latestMeasureDropper } from '../samples/latest-measures.ts';
import { totalsWriter } from '../samples/totals.ts';
import { chunkWriter } from './chunk-writer.ts';

/** Samples of one chunk: half a day at one every 30 s, which packs into one or two pages of 4 kB. */
export const CHUNK_SAMPLES = 1440;
/**
 * Samples from which a chunk gets no more while sealing is urgent, because packing a chunk again for each
 * seal is most of the work.
 */
export const URGENT_CHUNK_SAMPLES = 360;
/**
 * Samples of one millisecond share a chunk up to this many;
 * such a chunk still unpacks in less than a millisecond.
 */
const MAX_SAMPLES = 8192;
/** Values of one chunk: packing as many takes about two milliseconds. */
const CHUNK_VALUES = 24_000;

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

/** Returns how many samples with as many columns a chunk holds. */
const greatestCount = ({ further = [] }: ChunkColumns): number =>
  Math.min(CHUNK_SAMPLES, Math.ceil(CHUNK_VALUES / (DOCUMENTED_COLUMNS + further.length)));

/** Returns whether samples from `firstMs` on must not be added to a chunk. */
function isFull(chunk: ChunkColumns, firstMs: number, fullSamples: number): boolean {
  const { count, times } = chunk;
  const lastMs = times[count - 1]!;
  return (
    (count >= Math.min(fullSamples, greatestCount(chunk)) && firstMs > lastMs) ||
    (count >= MAX_SAMPLES && firstMs === lastMs)
  );
}

/**
 * Returns where a chunk of about `most` samples that begins at `start` ends. Samples of one millisecond share
 * a chunk; if they are too many, they get chunks of their own, so that `chunk.seq` gives their order of
 * arrival.
 */
function endOfChunk(times: Float64Array, start: number, most: number): number {
  const end = start + most;
  if (end >= times.length) return times.length;
  const groupEnd = placeOf(times, times[end - 1]! + 1, end);
  if (groupEnd - start <= MAX_SAMPLES) return groupEnd;
  const groupStart = placeOf(times, times[end - 1]!, start);
  return groupStart > start ? groupStart : start + MAX_SAMPLES;
}
