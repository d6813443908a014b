import type { Database } from 'bun:sqlite';
import { contributionOf } from '../../../domain/tally/contribution.ts';
import { isSameTally, TALLY_COLUMNS, TALLY_FIELDS, type Tally } from '../../../domain/tally/tally.ts';
import type { FoundEnd } from '../../rows/ended-run.ts';
import type { FindingChange, KeptFinding } from '../../rows/judged.ts';
import type { TallyKey } from '../../rows/tally.ts';
import { accountUserWriter } from '../jobs/accounts.ts';
import type { Value } from '../sql/insert.ts';
import { nameNumberers } from '../sql/names.ts';
import { endedRunReader } from './ended-runs.ts';
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

const COLUMNS = TALLY_FIELDS.map((field) => TALLY_COLUMNS[field]);
const KEY = ['user', 'account', 'partition', 'hour'] as const;
const NO_NODES: OnNodes = new Map();

/** Keeps tallies equal to what the runs add to them, inside the transaction of the group. */
export function talliedRuns(db: Database) {
  const names = nameNumberers(db);
  const accountUsers = accountUserWriter(db);
  const ends = endedRunReader(db, names);
  const sums = tallySummer(db);
  const replaceOnNodes = talliedNodes(db, sums);
  const select = db.query<TalliedRow, [number]>(
    `SELECT run, node, ${KEY.join(', ')}, ${TALLY_FIELDS.map((field) => `${TALLY_COLUMNS[field]} AS ${field}`).join(', ')}
       FROM tallied WHERE run = ?`,
  );
  const columns = ['run', 'node', ...KEY, ...COLUMNS];
  const save = db.query<unknown, Value[]>(
    `INSERT OR REPLACE INTO tallied (${columns.join(', ')}) VALUES (${columns.map(() => '?').join()})`,
  );
  const remove = db.query('DELETE FROM tallied WHERE run = ?');
  const selectFindings = db.query<KeptFinding, [number]>(
    'SELECT kind, severity FROM run_finding WHERE run = ?',
  );
  const selectHours = db.query<{ value: number }, []>(
    "SELECT value FROM counter WHERE name = 'tally_hours_from'",
  );

  function find(run: number): Tallied | undefined {
    const row = select.get(run);
    return row ? { key: row, tally: row, node: row.node } : undefined;
  }

  /** Returns what a run adds, and what it adds to each node if that is something else. */
  function tally(run: number, found: FoundEnd): { after: Tallied; onNodes: OnNodes } {
    const nodes = ends.readNodes(run);
    const tally = contributionOf(found.run, nodes);
    const onNodes = found.onNodes(nodes);
    const [only, ...others] = onNodes;
    const node = only && others.length === 0 && isSameTally(only[1], tally) ? only[0] : null;
    return { after: { key: found.key(), tally, node }, onNodes: node === null ? onNodes : NO_NODES };
  }

  function replace(run: number, before: Tallied | undefined, after: Tallied | undefined): void {
    if (before && after && isSame(before, after)) return;
    if (!before && !after) return;
    const hoursFrom = selectHours.get()!.value;
    const isMoved = !before || !after || !isSameKey(before.key, after.key);
    const findings = isMoved ? selectFindings.all(run) : [];
    if (after) {
      save.run(
        run,
        after.node,
        ...KEY.map((part) => after.key[part]),
        ...TALLY_FIELDS.map((field) => after.tally[field]),
      );
      accountUsers.add(after.key.account, after.key.user);
    } else remove.run(run);
    // Last, because it cannot fail: the sums never hold what the table does not.
    if (before) add(before, -1);
    if (after) add(after, 1);

    function add({ key, tally, node }: Tallied, sign: 1 | -1): void {
      sums.add(key, tally, sign, hoursFrom);
      if (node !== null) sums.addOnNode(node, key.hour, tally, sign);
      sums.addFindings(key, findings, sign, hoursFrom);
    }
  }

  return {
    has: (run: number): boolean => select.get(run) !== null,

    /** Makes the tallies right for a run: adds it, corrects it, or takes it away if it has not ended. */
    settle(run: number): boolean {
      const found = ends.find(run);
      const now = found && tally(run, found);
      replaceOnNodes(run, now?.after.key.hour ?? 0, now?.onNodes ?? NO_NODES);
      replace(run, find(run), now?.after);
      return found !== undefined;
    },

    /** Counts the findings of a run that changed, where the run is tallied. */
    changeFindings(run: number, { before, after }: FindingChange): void {
      const tallied = find(run);
      if (!tallied) return;
      const hoursFrom = selectHours.get()!.value;
      sums.addFindings(tallied.key, before, -1, hoursFrom);
      sums.addFindings(tallied.key, after, 1, hoursFrom);
    },

    /** Takes a run away that is part of another one. */
    takeAway(run: number): void {
      replaceOnNodes(run, 0, NO_NODES);
      replace(run, find(run), undefined);
    },

    flush: sums.flush,
    forget(): void {
      sums.clear();
      names.forget();
      accountUsers.forget();
    },
  };
}

const isSameKey = (one: TallyKey, other: TallyKey): boolean => KEY.every((part) => one[part] === other[part]);

const isSame = (one: Tallied, other: Tallied): boolean =>
  one.node === other.node && isSameKey(one.key, other.key) && isSameTally(one.tally, other.tally);
