import { MAX_LISTED_NODES } from '../../../domain/list.ts';
import { expandLists, splitLists } from '../../../domain/nodelist.ts';
import { findNames } from '../sql/names.ts';
import type { Queries } from '../sql/queries.ts';

/**
 * Finds the numbers of the nodes that a filter names (domain `JobFilter`). Throws `validation_error` for a
 * list that cannot be read, and for too many names.
 */
export async function findListedNodes(db: Queries, texts: readonly string[]): Promise<number[]> {
  const whole = await findNames(db, 'node_name', texts);
  const parts = texts.flatMap((text) => (whole.has(text) ? text : splitLists(text)));
  const found = await findNames(db, 'node_name', parts);
  const lists = parts.filter((part) => !found.has(part) && /[[\]]/.test(part));
  // One bound for all lists together.
  const listed = lists.length === 0 ? [] : [...expandLists(lists, MAX_LISTED_NODES)];
  return [...new Set([...found.values(), ...(await findNames(db, 'node_name', listed)).values()])];
}
