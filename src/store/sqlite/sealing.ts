import type { Database } from 'bun:sqlite';
import { type ChunkColumns, type ChunkSample, packChunk, samplesOf } from './chunk.ts';
import { unpackIfWhole } from './damage.ts';
import { totalsWriter } from './totals.ts';

/** Samples of one chunk: half a day at one each 30 s, and packed about as much as fills a page of 4 kB or two. */
const CHUNK_SAMPLES = 1440;

interface ChunkRow {
  readonly seq: number;
  readonly start_time: number;
  readonly data: Uint8Array;
}

/** Moves samples from the log into chunks, inside the transaction of the group. */
export function sampleSealer(db: Database) {
  const addTotals = totalsWriter(db);
  const selectBefore = db.query<ChunkRow, [number, number, number]>(
    `SELECT seq, start_time, data FROM chunk WHERE job = ? AND node = ? AND tier = 0 AND start_time <= ?
      ORDER BY start_time DESC LIMIT 1`,
  );
  const selectAfter = db.query<{ start_time: number }, [number, number, number]>(
    'SELECT start_time FROM chunk WHERE job = ? AND node = ? AND tier = 0 AND start_time > ? ORDER BY start_time LIMIT 1',
  );
  const insertChunk = db.query(
    'INSERT INTO chunk (job, node, tier, start_time, end_time, samples, data) VALUES (?, ?, 0, ?, ?, ?, ?)',
  );
  const deleteChunk = db.query('DELETE FROM chunk WHERE seq = ?');

  /**
   * Packs the samples into the chunk whose span they fall into, or behind the newest one, so that the spans of a job and
   * node never overlap, however late or out of order samples came.
   */
  function pack(job: number, node: number, samples: readonly ChunkSample[]): void {
    let start = 0;
    while (start < samples.length) {
      const firstMs = samples[start]!.timeMs;
      const chunk = selectBefore.get(job, node, firstMs);
      const nextMs = selectAfter.get(job, node, firstMs)?.start_time ?? Infinity;
      let end = start + 1;
      while (end < samples.length && samples[end]!.timeMs < nextMs) end++;
      replaceChunk(job, node, chunk ?? undefined, samples.slice(start, end));
      start = end;
    }
  }

  function replaceChunk(job: number, node: number, chunk: ChunkRow | undefined, added: ChunkSample[]): void {
    const known = chunk ? unpackIfWhole(chunk.data) : [];
    const lastMs = known?.at(-1)?.timeMs ?? -Infinity;
    // A full chunk stays as it is when all that comes is newer; a damaged one stays for who wants to repair it.
    if (!known || (known.length >= CHUNK_SAMPLES && added[0]!.timeMs > lastMs)) {
      insertChunks(job, node, added);
      return;
    }
    if (chunk) deleteChunk.run(chunk.seq);
    const merged = [...known, ...added];
    if (added[0]!.timeMs < lastMs) merged.sort((one, other) => one.timeMs - other.timeMs);
    insertChunks(job, node, merged);
  }

  function insertChunks(job: number, node: number, samples: readonly ChunkSample[]): void {
    for (let start = 0; start < samples.length; ) {
      const end = endOfChunk(samples, start);
      const part = samples.slice(start, end);
      insertChunk.run(job, node, part[0]!.timeMs, part.at(-1)!.timeMs, part.length, packChunk(part));
      start = end;
    }
  }

  return {
    /**
     * Seals samples of a job on a node, ascending in time, and returns those older than `beforeMs` instead, which are not
     * to be kept as samples.
     */
    seal(job: number, node: number, columns: ChunkColumns, beforeMs: number): ChunkSample[] {
      const samples = samplesOf(columns);
      const kept = samples.findIndex(({ timeMs }) => timeMs >= beforeMs);
      const expired = kept === -1 ? samples : samples.slice(0, kept);
      if (kept !== -1) pack(job, node, samples.slice(kept));
      addTotals(job, node, samples);
      return expired;
    },
  };
}

/** Samples of one millisecond stay together, or the spans of two chunks would touch. */
function endOfChunk(samples: readonly ChunkSample[], start: number): number {
  let end = Math.min(start + CHUNK_SAMPLES, samples.length);
  while (end < samples.length && samples[end]!.timeMs === samples[end - 1]!.timeMs) end++;
  return end;
}
