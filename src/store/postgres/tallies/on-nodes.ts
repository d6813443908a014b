import { isSameTally, TALLY_COLUMNS, TALLY_FIELDS, type Tally } from '../../../domain/tally/tally.ts';
import { FIGURE_COLUMNS, figuresOf, type TallySums } from '../../rows/tally.ts';
import { bulkInserter, type Column } from '../sql/insert.ts';
import type { Writing } from '../sql/queries.ts';

interface OnNode {
  readonly hour: number;
  readonly tally: Tally;
}

type OnNodeRow = Tally & { readonly node: number; readonly hour: number };

const COLUMNS: readonly Column[] = [
  ['run', 'bigint'],
  ['node', 'integer'],
  ['hour', 'integer'],
  ...FIGURE_COLUMNS.map((name): Column => [name, 'bigint']),
];
const SELECT = `SELECT node, hour, ${TALLY_FIELDS.map((field) => `${TALLY_COLUMNS[field]} AS "${field}"`).join(', ')}
  FROM tallied_node WHERE run = $1::bigint`;

/**
 * Keeps tallies of nodes equal to what runs on several nodes add to each, inside the transaction of the
 * group.
 */
export function talliedNodes(db: Writing, sums: Pick<TallySums, 'addOnNode'>) {
  const save = bulkInserter(db, 'tallied_node', COLUMNS);

  async function read(run: number): Promise<Map<number, OnNode>> {
    const rows = await db.all<OnNodeRow>(SELECT, [run]);
    return new Map(rows.map(({ node, hour, ...tally }) => [node, { hour, tally }]));
  }

  /** Replaces what a run has added to each node; the nodes of `after` are all that it adds to. */
  return async (run: number, hour: number, after: ReadonlyMap<number, Tally>): Promise<void> => {
    const before = await read(run);
    const gone = [...before].filter(([node]) => !after.has(node));
    const changed = [...after].filter(([node, tally]) => {
      const known = before.get(node);
      return known?.hour !== hour || !isSameTally(known.tally, tally);
    });
    const nodes = [...gone, ...changed].map(([node]) => node);
    if (nodes.length === 0) return;
    db.send('DELETE FROM tallied_node WHERE run = $1::bigint AND node = ANY($2::integer[])', [run, nodes]);
    save(changed.map(([node, tally]) => [run, node, hour, ...figuresOf(tally)]));
    // Last, because the sums must not hold what the table does not.
    await db.settle();
    for (const node of nodes) {
      const known = before.get(node);
      if (known) sums.addOnNode(node, known.hour, known.tally, -1);
    }
    for (const [node, tally] of changed) sums.addOnNode(node, hour, tally, 1);
  };
}
