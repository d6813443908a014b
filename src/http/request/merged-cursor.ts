import type { ClusterCursor } from '../../domain/clusters/merge.ts';
import { invalid } from '../../domain/errors.ts';

/** Further than any page goes before its cursor moves on. */
const MAX_SKIP = 10_000;

/** Returns the places of several clusters as opaque text. */
export const writeMergedCursor = (places: ReadonlyMap<string, ClusterCursor>): string =>
  Buffer.from(JSON.stringify([...places].map(([name, { cursor, skip }]) => [name, cursor, skip]))).toString(
    'base64url',
  );

/** Reads the text of `writeMergedCursor`. Throws `validation_error` for any other text. */
export function readMergedCursor(text: string): Map<string, ClusterCursor> {
  try {
    const rows: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(rows)) return new Map(rows.map(readRow));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
  }
  throw invalid('cursor does not belong to this list; start again without cursor.');
}

function readRow(row: unknown): [string, ClusterCursor] {
  const [name, cursor, skip] = Array.isArray(row) ? (row as unknown[]) : [];
  const isWhole = typeof name === 'string' && typeof cursor === 'string' && /^[\w-]*$/.test(cursor);
  if (!isWhole || !Number.isSafeInteger(skip) || (skip as number) < 0 || (skip as number) > MAX_SKIP)
    throw new RangeError('no place of a cluster');
  return [name as string, { cursor: cursor as string, skip: skip as number }];
}
