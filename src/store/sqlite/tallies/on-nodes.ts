import type { Database } from 'bun:sqlite';
import { isSameTally, TALLY_COLUMNS, TALLY_FIELDS, type Tally } from '../../../domain/tally/tally.ts';
import type { Value } from '../sql/insert.ts';
import type { tallySummer } from './sums.ts';

interface OnNode {
  readonly hour: number;
  readonly tally: Tally;
}

type OnNodeRow = Tally & { readonly node: number; readonly hour: number };

const COLUMNS = TALLY_FIELDS.map((field) => TALLY_COLUMNS[field]);

/**
 * Keeps tallies of nodes equal to what runs on several nodes add to each, inside the transaction of the
 * group.
 */
export function talliedNodes(db: Database, sums: Pick<ReturnType<typeof tallySummer>, 'addOnNode'>) {
  const select = db.query<OnNodeRow, [number]>(
    `SELECT node, hour, ${TALLY_FIELDS.map((field) => `${TALLY_COLUMNS[field]} AS ${field}`).join(', ')}
       FROM tallied_node WHERE run = ?`,
  );
  const columns = ['run', 'node', 'hour', ...COLUMNS];
  const save = db.query<unknown, Value[]>(
    `INSERT OR REPLACE INTO tallied_node (${columns.join(', ')}) VALUES (${columns.map(() => '?').join()})`,
  );
  const remove = db.query('DELETE FROM tallied_node WHERE run = ? AND node = ?');

  /** Replaces what a run has added to each node; the nodes of `after` are all that it adds to. */
  return (run: number, hour: number, after: ReadonlyMap<number, Tally>): void => {
    const before = new Map<number, OnNode>(
      select.all(run).map(({ node, hour, ...tally }) => [node, { hour, tally }]),
    );
    const gone = [...before].filter(([node]) => !after.has(node));
    const changed = [...after].filter(([node, tally]) => {
      const known = before.get(node);
      return known?.hour !== hour || !isSameTally(known.tally, tally);
    });
    for (const [node] of gone) remove.run(run, node);
    for (const [node, tally] of changed)
      save.run(run, node, hour, ...TALLY_FIELDS.map((field) => tally[field]));
    // Last, because it cannot fail: the sums never hold what the table does not.
    for (const [node, known] of gone) sums.addOnNode(node, known.hour, known.tally, -1);
    for (const [node, tally] of changed) {
      const known = before.get(node);
      if (known) sums.addOnNode(node, known.hour, known.tally, -1);
      sums.addOnNode(node, hour, tally, 1);
    }
  };
}
