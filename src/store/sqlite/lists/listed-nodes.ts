import type { Database } from 'bun:sqlite';
import { MAX_LISTED_NODES } from '../../../domain/list.ts';
import { expandLists, splitLists } from '../../../domain/nodelist.ts';
import { nameFinder } from '../sql/names.ts';

/**
 * Returns a function that finds the numbers of the nodes that a filter names (domain `JobFilter`). It throws
 * `validation_error` for a list that cannot be read, and for too many names.
 */
export function listedNodeFinder(db: Database): (texts: readonly string[]) => number[] {
  const find = nameFinder(db, 'node');
  const selectNodes = db.query<{ id: number }, [string]>(
    'SELECT node.id FROM json_each(?) AS wanted CROSS JOIN node ON node.name = wanted.value',
  );

  return (texts) => {
    const parts = texts.flatMap((text) => (find(text) === undefined ? splitLists(text) : text));
    const found = parts.map(find);
    const lists = parts.filter((part, place) => found[place] === undefined && /[[\]]/.test(part));
    const listed = lists.length === 0 ? [] : selectNodes.all(listText(lists)).map(({ id }) => id);
    return [...new Set([...found, ...listed].filter((id) => id !== undefined))];
  };
}

/** One bound for all lists together. */
const listText = (lists: readonly string[]): string => JSON.stringify(expandLists(lists, MAX_LISTED_NODES));
