import type { Database } from 'bun:sqlite';
import { contributionOf } from '../../../domain/tally/contribution.ts';
import { isSameTally, TALLY_COLUMNS, TALLY_FIELDS, type Tally } from '../../../domain/tally/tally.ts';
import { accountUserWriter } from '../jobs/accounts.ts';
import type { Value } from '../sql/insert.ts';
import { nameNumberers } from '../sql/names.ts';
import { endedRunReader, type FoundEnd } from './ended-runs.ts';
import { type TallyKey, tallySummer } from './sums.ts';

/** What a run has added to the tallies. */
interface Tallied {
  readonly key: TallyKey;
  readonly tally: Tally;
}

type TalliedRow = TallyKey & Tally & { readonly run: number };

const COLUMNS = TALLY_FIELDS.map((field) => TALLY_COLUMNS[field]);
const KEY = ['user', 'account', 'partition', 'hour'] as const;

/** Keeps tallies equal to what the runs add to them, inside the transaction of the group. */
export function talliedRuns(db: Database) {
  const names = nameNumberers(db);
  const accountUsers = accountUserWriter(db);
  const ends = endedRunReader(db, names);
  const sums = tallySummer(db);
  const select = db.query<TalliedRow, [number]>(
    `SELECT run, ${KEY.join(', ')}, ${TALLY_FIELDS.map((field) => `${TALLY_COLUMNS[field]} AS ${field}`).join(', ')}
       FROM tallied WHERE run = ?`,
  );
  const columns = ['run', ...KEY, ...COLUMNS];
  const save = db.query<unknown, Value[]>(
    `INSERT OR REPLACE INTO tallied (${columns.join(', ')}) VALUES (${columns.map(() => '?').join()})`,
  );
  const remove = db.query('DELETE FROM tallied WHERE run = ?');
  const selectHours = db.query<{ value: number }, []>(
    "SELECT value FROM counter WHERE name = 'tally_hours_from'",
  );

  function find(run: number): Tallied | undefined {
    const row = select.get(run);
    return row ? { key: row, tally: row } : undefined;
  }

  function tally(run: number, found: FoundEnd): Tallied {
    const contribution = contributionOf(found.run, ends.readNodes(run));
    return { key: found.key(), tally: contribution };
  }

  function replace(run: number, before: Tallied | undefined, after: Tallied | undefined): void {
    if (before && after && isSame(before, after)) return;
    if (!before && !after) return;
    const hoursFrom = selectHours.get()!.value;
    if (after) {
      save.run(
        run,
        ...KEY.map((part) => after.key[part]),
        ...TALLY_FIELDS.map((field) => after.tally[field]),
      );
      accountUsers.add(after.key.account, after.key.user);
    } else remove.run(run);
    // Last, because it cannot fail: the sums never hold what the table does not.
    if (before) sums.add(before.key, before.tally, -1, hoursFrom);
    if (after) sums.add(after.key, after.tally, 1, hoursFrom);
  }

  return {
    has: (run: number): boolean => select.get(run) !== null,

    /** Makes the tallies right for a run: adds it, corrects it, or takes it away if it has not ended. */
    settle(run: number): boolean {
      const found = ends.find(run);
      replace(run, find(run), found && tally(run, found));
      return found !== undefined;
    },

    /** Takes a run away that is part of another one. */
    takeAway: (run: number): void => replace(run, find(run), undefined),

    flush: sums.flush,
    forget(): void {
      sums.forget();
      names.forget();
      accountUsers.forget();
    },
  };
}

const isSame = (one: Tallied, other: Tallied): boolean =>
  KEY.every((part) => one.key[part] === other.key[part]) && isSameTally(one.tally, other.tally);
