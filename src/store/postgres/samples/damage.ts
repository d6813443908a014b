import { samplesDamaged } from '../../../domain/errors.ts';
import { formatTime } from '../../../domain/time.ts';
import { ChunkError } from '../../chunk/bytes.ts';

/** The job of a chunk, and the times of its first and last sample. */
interface ChunkSpan {
  readonly jobId: string;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Unpacks a chunk. If it is damaged, throws `internal_error` with the job and the span that cannot be read;
 * all other chunks of the job remain readable.
 */
export function unpackAt<Value>({ jobId, startMs, endMs }: ChunkSpan, unpack: () => Value): Value {
  try {
    return unpack();
  } catch (error) {
    if (!(error instanceof ChunkError)) throw error;
    throw samplesDamaged(jobId, formatTime(startMs), formatTime(endMs), error);
  }
}
