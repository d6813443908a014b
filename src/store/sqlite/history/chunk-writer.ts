import type { Database } from 'bun:sqlite';
import { type SpanSums, spanCollector, spansOver } from '../../../domain/spans.ts';
import { type ChunkColumns, packColumns } from '../../chunk/chunk.ts';
import { packQuarters } from '../../chunk/quarters.ts';

/**
 * A quarter takes as much space as six samples, and the quarters of a chunk unpack in 2 % of the time of the
 * chunk. With fewer samples to a quarter, or few samples at all, reading the samples is as good.
 */
const MIN_SAMPLES_A_QUARTER = 45;
export const MIN_SAMPLES = 256;

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

/** Returns the quarters of samples; undefined if they are too many for their samples. */
function quartersOf(samples: ChunkColumns): SpanSums | undefined {
  const { count, times } = samples;
  if (count < MIN_SAMPLES) return undefined;
  const spans = spansOver(times[0]!, times[count - 1]!);
  // Samples that are far apart would make a large table of empty spans.
  if (spans.count * MIN_SAMPLES_A_QUARTER > 4 * count) return undefined;
  const collector = spanCollector(spans);
  collector.add(samples);
  const sums = collector.sums();
  return sums.count * MIN_SAMPLES_A_QUARTER <= count ? sums : undefined;
}
