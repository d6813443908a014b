import { AppError } from '../../domain/errors.ts';
import { isIdentity } from '../../domain/identity.ts';
import type { JobOrder, JobPosition } from '../../domain/list.ts';

/** Where a page of a list starts, and what "now" was on its first page. */
export interface Cursor {
  readonly after: JobPosition;
  readonly nowMs: number;
}

/** A cursor as text that is opaque to clients. It holds for lists of the same `filter` (as text) and order only. */
export function writeCursor({ after, nowMs }: Cursor, order: JobOrder, filter: string): string {
  const fields = { sort: order.sort, ascending: order.isAscending, now: nowMs, ...after };
  return Buffer.from(JSON.stringify({ ...fields, check: checkOf(fields, filter) })).toString('base64url');
}

/** Reads what `writeCursor` wrote; a validation error for anything else, or for a list it was not made for. */
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
  throw new AppError(
    'validation_error',
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

/** Finds mistakes, and keeps no secret: whoever makes up a cursor that fits has asked for a page like any other. */
const checkOf = (fields: object, filter: string): string =>
  Bun.hash(JSON.stringify(fields) + filter).toString(36);
