import { ChunkError } from './bytes.ts';

/**
 * Unpacks a blob; returns undefined if it is damaged, for
 * work that goes on without it. Reads report the damage.
 */
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
