import { invalid } from '../../domain/errors.ts';
import { isIdentity } from '../../domain/identity.ts';
import type { JobOrder, JobPosition } from '../../domain/list.ts';

/** The position after which a page starts, and the time of the first page's request. */
export interface Cursor {
  readonly after: JobPosition;
  readonly nowMs: number;
}

/** Returns a cursor as opaque text. It is valid only for lists with the same `filter` (as text) and order. */
export function writeCursor({ after, nowMs }: Cursor, order: JobOrder, filter: string): string {
  const fields = { sort: order.sort, ascending: order.isAscending, now: nowMs, ...after };
  return Buffer.from(JSON.stringify({ ...fields, check: checkOf(fields, filter) })).toString('base64url');
}

/**
 * Reads the text of `writeCursor`. Throws `validation_error`
 * for any other text, and for another filter or order.
 */
export function readCursor(text: string, order: JobOrder, filter: string): Cursor {
  const { sort, ascending, now, value, id, check } = parse(text);
  const isWhole =
    sort === order.sort &&
    ascending === order.isAscending &&
    Number.isSafeInteger(now) &&
    (value === null || Number.isFinite(value)) &&
    typeof id === 'string' &&
    isIdentity(id) &&
    check === checkOf({ sort, ascending, now, value, id }, filter);
  if (isWhole) return { after: { value: value as number | null, id }, nowMs: now as number };
  throw invalid(
    'cursor does not belong to this list; start again without cursor, and change only limit from page to page.',
  );
}

function parse(text: string): Record<string, unknown> {
  if (!/^[\w-]+$/.test(text)) return {};
  try {
    return { ...JSON.parse(Buffer.from(text, 'base64url').toString()) };
  } catch {
    return {};
  }
}

/** Detects mistakes; it is not a secret, because a forged cursor only requests another page. */
const checkOf = (fields: object, filter: string): string =>
  Bun.hash(JSON.stringify(fields) + filter).toString(36);
