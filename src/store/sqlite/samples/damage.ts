import type { Database } from 'bun:sqlite';
import { samplesDamaged } from '../../../domain/errors.ts';
import { formatTime } from '../../../domain/time.ts';
import { ChunkError } from '../../chunk/chunk.ts';

/** The job and the span of a chunk. */
export interface Place {
  readonly job: number;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Unpacks a chunk. When it is damaged, the error says whose samples of which span are lost; all other chunks of the
 * job can still be read.
 */
export function unpackAt<Value>(db: Database, { job, startMs, endMs }: Place, unpack: () => Value): Value {
  try {
    return unpack();
  } catch (error) {
    if (!(error instanceof ChunkError)) throw error;
    const id = db.query<{ id: string }, [number]>('SELECT id FROM job WHERE seq = ?').get(job)?.id;
    throw samplesDamaged(id ?? String(job), formatTime(startMs), formatTime(endMs), error);
  }
}

/** What a chunk holds; undefined when it is damaged and that must not stop the work: its readers are told. */
export function unpackIfWhole<Value>(
  data: Uint8Array,
  unpack: (data: Uint8Array) => Value,
): Value | undefined {
  try {
    return unpack(data);
  } catch (error) {
    if (error instanceof ChunkError) return undefined;
    throw error;
  }
}
