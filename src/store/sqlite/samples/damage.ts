import type { Database } from 'bun:sqlite';
import { AppError } from '../../../domain/errors.ts';
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
    throw new AppError(
      'internal_error',
      `The samples of job ${JSON.stringify(id ?? job)} from ${formatTime(startMs)} to ${formatTime(endMs)} are damaged ` +
        `on disk; those before and after can be read with start_time and end_time.`,
      { cause: error },
    );
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
