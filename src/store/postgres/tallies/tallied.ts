import { contributionOf } from '../../../domain/tally/contribution.ts';
import { isSameTally, TALLY_COLUMNS, TALLY_FIELDS, type Tally } from '../../../domain/tally/tally.ts';
import type { FoundEnd } from '../../rows/ended-run.ts';
import type { FindingChange, KeptFinding } from '../../rows/judged.ts';
import { FIGURE_COLUMNS, figuresOf, type TallyKey } from '../../rows/tally.ts';
import { accountUserWriter } from '../jobs/accounts.ts';
import { bulkInserter, type Column, replacing } from '../sql/insert.ts';
import type { NameNumberers } from '../sql/names.ts';
import type { Writing } from '../sql/queries.ts';
import { findEnd, readMeasuredNodes } from './ended-runs.ts';
import { talliedNodes } from './on-nodes.ts';
import { tallySummer } from './sums.ts';

/** What a run has added to the tallies. */
interface Tallied {
  readonly key: TallyKey;
  readonly tally: Tally;
  /** The node that it added the same to; null if it was on several. */
  readonly node: number | null;
}

type TalliedRow = TallyKey & Tally & { readonly run: number; readonly node: number | null };
type OnNodes = ReadonlyMap<number, Tally>;

const KEY = ['user', 'account', 'partition', 'hour'] as const;
const COLUMNS: readonly Column[] = [
  ['run', 'bigint'],
  ...['node', ...KEY].map((name): Column => [name, 'integer']),
  ...FIGURE_COLUMNS.map((name): Column => [name, 'bigint']),
];
const SELECT = `SELECT run, node, ${KEY.map((name) => `tallied.${name}`).join(', ')},
  ${TALLY_FIELDS.map((field) => `${TALLY_COLUMNS[field]} AS "${field}"`).join(', ')} FROM tallied WHERE run = $1::bigint`;
const NO_NODES: OnNodes = new Map();

/** Keeps tallies equal to what the runs add to them, inside the transaction of the group. */
export function talliedRuns(db: Writing, names: NameNumberers) {
  const accountUsers = accountUserWriter(db);
  const sums = tallySummer(db);
  const replaceOnNodes = talliedNodes(db, sums);
  const save = bulkInserter(db, 'tallied', COLUMNS, replacing('run', COLUMNS));

  async function find(run: number): Promise<Tallied | undefined> {
    const row = await db.get<TalliedRow>(SELECT, [run]);
    return row && { key: row, tally: row, node: row.node };
  }

  const findHours = async (): Promise<number> =>
    (await db.get<{ value: number }>("SELECT value FROM counter WHERE name = 'tally_hours_from'"))!.value;

  /** Returns what a run adds, and what it adds to each node if that is something else. */
  async function tally(run: number, found: FoundEnd): Promise<{ after: Tallied; onNodes: OnNodes }> {
    const nodes = await readMeasuredNodes(db, run);
    const whole = contributionOf(found.run, nodes);
    const onNodes = found.onNodes(nodes);
    const [only, ...others] = onNodes;
    const node = only && others.length === 0 && isSameTally(only[1], whole) ? only[0] : null;
    return { after: { key: found.key(), tally: whole, node }, onNodes: node === null ? onNodes : NO_NODES };
  }

  async function replace(
    run: number,
    before: Tallied | undefined,
    after: Tallied | undefined,
  ): Promise<void> {
    if (before && after && isSame(before, after)) return;
    if (!before && !after) return;
    const hoursFrom = await findHours();
    const isMoved = !before || !after || !isSameKey(before.key, after.key);
    const findings = isMoved
      ? await db.all<KeptFinding>('SELECT kind, severity FROM run_finding WHERE run = $1::bigint', [run])
      : [];
    if (after) {
      save([[run, after.node, ...KEY.map((part) => after.key[part]), ...figuresOf(after.tally)]]);
      accountUsers.add([[after.key.account, after.key.user]]);
    } else db.send('DELETE FROM tallied WHERE run = $1::bigint', [run]);
    // Last, because the sums must not hold what the table does not.
    await db.settle();
    if (before) add(before, -1);
    if (after) add(after, 1);

    function add({ key, tally: sum, node }: Tallied, sign: 1 | -1): void {
      sums.add(key, sum, sign, hoursFrom);
      if (node !== null) sums.addOnNode(node, key.hour, sum, sign);
      sums.addFindings(key, findings, sign, hoursFrom);
    }
  }

  return {
    has: async (run: number): Promise<boolean> =>
      (await db.get('SELECT 1 FROM tallied WHERE run = $1::bigint', [run])) !== undefined,

    /** Makes the tallies right for a run: adds it, corrects it, or takes it away if it has not ended. */
    async settle(run: number): Promise<void> {
      const found = await findEnd(db, names, run);
      const now = found && (await tally(run, found));
      await replaceOnNodes(run, now?.after.key.hour ?? 0, now?.onNodes ?? NO_NODES);
      await replace(run, await find(run), now?.after);
    },

    /** Counts the findings of a run that changed, where the run is tallied. */
    async changeFindings(run: number, { before, after }: FindingChange): Promise<void> {
      const tallied = await find(run);
      if (!tallied) return;
      const hoursFrom = await findHours();
      sums.addFindings(tallied.key, before, -1, hoursFrom);
      sums.addFindings(tallied.key, after, 1, hoursFrom);
    },

    /** Takes a run away that is part of another one. */
    async takeAway(run: number): Promise<void> {
      await replaceOnNodes(run, 0, NO_NODES);
      await replace(run, await find(run), undefined);
    },

    flush: sums.flush,

    /** Must be called after a rollback. */
    forget(): void {
      sums.clear();
      accountUsers.forget();
    },
    forgetNames: accountUsers.forget,
  };
}

const isSameKey = (one: TallyKey, other: TallyKey): boolean => KEY.every((part) => one[part] === other[part]);

const isSame = (one: Tallied, other: Tallied): boolean =>
  one.node === other.node && isSameKey(one.key, other.key) && isSameTally(one.tally, other.tally);
