import type { Database } from 'bun:sqlite';
import { type ChunkColumns, packColumns } from '../../chunk/chunk.ts';
import { quartersOf } from '../../chunk/cut.ts';
import { packQuarters } from '../../chunk/quarters.ts';

/** Writes chunks with their quarters, inside the transaction of the group. */
export function chunkWriter(db: Database) {
  const insert = db.query(
    'INSERT INTO chunk (job, node, tier, start_time, end_time, samples, data) VALUES (?, ?, 0, ?, ?, ?, ?)',
  );
  const insertQuarters = db.query('INSERT OR REPLACE INTO chunk_point (chunk, points) VALUES (?, ?)');

  /** Adds the quarters of a chunk if they save anything. */
  function addQuarters(seq: number, samples: ChunkColumns): void {
    const quarters = quartersOf(samples);
    if (quarters) insertQuarters.run(seq, packQuarters(quarters));
  }

  return {
    addQuarters,

    /** Inserts samples, ascending in time, as one chunk. */
    insert(job: number, node: number, samples: ChunkColumns): void {
      const { count, times } = samples;
      const row = insert.run(job, node, times[0]!, times[count - 1]!, count, packColumns(samples));
      addQuarters(Number(row.lastInsertRowid), samples);
    },
  };
}
