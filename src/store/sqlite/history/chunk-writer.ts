import type { Database } from 'bun:sqlite';
import { spanCollector, spansOver } from '../../../domain/spans.ts';
import { type ChunkColumns, packColumns } from '../../chunk/chunk.ts';
import { packQuarters } from '../../chunk/quarters.ts';

/**
 * A point takes as much room as six samples, and unpacks in a fiftieth of the time of a chunk. With fewer samples to a point, or few
 * points at all, reading the samples is as good.
 */
const MIN_SAMPLES_A_POINT = 45;
export const MIN_SAMPLES = 256;

/** Writes chunks of samples with their points, inside the transaction of the group. */
export function chunkWriter(db: Database) {
  const insert = db.query(
    'INSERT INTO chunk (job, node, tier, start_time, end_time, samples, data) VALUES (?, ?, 0, ?, ?, ?, ?)',
  );
  const insertPoints = db.query('INSERT OR REPLACE INTO chunk_point (chunk, points) VALUES (?, ?)');

  /** Adds the points of a chunk, where they save anything. */
  function addPoints(seq: number, samples: ChunkColumns): void {
    const points = pointsOfChunk(samples);
    if (points) insertPoints.run(seq, points);
  }

  return {
    addPoints,
    /** Ascending in time. */
    insert(job: number, node: number, samples: ChunkColumns): void {
      const { count, times } = samples;
      const row = insert.run(job, node, times[0]!, times[count - 1]!, count, packColumns(samples));
      addPoints(Number(row.lastInsertRowid), samples);
    },
  };
}

function pointsOfChunk(samples: ChunkColumns): Uint8Array | undefined {
  const { count, times } = samples;
  if (count < MIN_SAMPLES) return undefined;
  const spans = spansOver(times[0]!, times[count - 1]!);
  // Samples that are far apart would make a table of empty spans.
  if (spans.count * MIN_SAMPLES_A_POINT > 4 * count) return undefined;
  const collector = spanCollector(spans);
  collector.add(samples);
  const sums = collector.sums();
  return sums.count * MIN_SAMPLES_A_POINT <= count ? packQuarters(sums) : undefined;
}
