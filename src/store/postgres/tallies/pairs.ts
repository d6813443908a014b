import type { OwnSight, Sight } from '../../../domain/caller.ts';
import type { TallyFilter, TallyQuery } from '../../../domain/store/tallies.ts';
import { ANY } from '../../rows/tally.ts';
import { findName, findNames } from '../sql/names.ts';
import type { Queries } from '../sql/queries.ts';

/** A user and an account, as the key of tallies begins. */
export type Pair = readonly [user: number, account: number];

/** The rows of `tally` that answer a question. */
export interface WantedRows {
  readonly pairs: readonly Pair[];
  /** A number, or ANY for the rows of all partitions together; undefined for each of them. */
  readonly partition: number | undefined;
}

const NOTHING: WantedRows = { pairs: [], partition: ANY };

type Numbers = Record<keyof TallyFilter, number | undefined>;

const numberOf = async (db: Queries, table: 'user_name' | 'label', name: string | undefined) =>
  name === undefined ? undefined : findName(db, table, name);

async function readPairs(
  db: Queries,
  user: number | undefined,
  account: number | undefined,
): Promise<Pair[]> {
  const rows = await db.all<{ user: number; account: number }>(
    `SELECT account_user.user, account FROM account_user
      WHERE ($1::integer IS NULL OR account_user.user = $1::integer) AND ($2::integer IS NULL OR account = $2::integer)`,
    [user ?? null, account ?? null],
  );
  return rows.map((row) => [row.user, row.account]);
}

async function seenPairs(db: Queries, sight: OwnSight, pairs: readonly Pair[]): Promise<Pair[]> {
  const own = await findName(db, 'user_name', sight.user);
  const accounts = new Set((await findNames(db, 'label', sight.accounts)).values());
  return pairs.filter(([user, account]) => user === own || accounts.has(account));
}

/** Returns the users and accounts that belong together and are to be seen. */
export async function findPairs(
  db: Queries,
  filter: Omit<TallyFilter, 'partition'>,
  sight: Sight,
): Promise<Pair[]> {
  const user = await numberOf(db, 'user_name', filter.user);
  const account = await numberOf(db, 'label', filter.account);
  const isUnknown =
    (filter.user !== undefined && user === undefined) ||
    (filter.account !== undefined && account === undefined);
  if (isUnknown) return [];
  const pairs = await readPairs(db, user, account);
  return sight === 'all' ? pairs : seenPairs(db, sight, pairs);
}

/** Returns the rows of the whole cluster, or of one name alone; undefined if there are none. */
async function findTotals(
  db: Queries,
  groupBy: TallyQuery['groupBy'],
  { user, account, partition }: Numbers,
): Promise<WantedRows | undefined> {
  const given = [user, account, partition].filter((number) => number !== undefined).length;
  const isOnly = (kind: TallyQuery['groupBy'], number: number | undefined) =>
    (groupBy === kind && given === 0) ||
    (number !== undefined && given === 1 && (groupBy === kind || groupBy === 'day'));
  const all = async (sql: string) => (await db.all<{ id: number }>(sql)).map(({ id }) => id);
  if (isOnly('user', user)) {
    const users = user === undefined ? await all('SELECT id FROM user_name') : [user];
    return { pairs: users.map((one) => [one, ANY]), partition: ANY };
  }
  if (isOnly('account', account)) {
    const accounts =
      account === undefined ? await all('SELECT DISTINCT account AS id FROM account_user') : [account];
    return { pairs: accounts.map((one) => [ANY, one]), partition: ANY };
  }
  if (isOnly('partition', partition)) return { pairs: [[ANY, ANY]], partition };
  if (groupBy === 'day' && given === 0) return { pairs: [[ANY, ANY]], partition: ANY };
  return undefined;
}

/** Finds the rows that answer a question with the least to add up. */
export async function findRows(
  db: Queries,
  { groupBy, ...filter }: TallyQuery,
  sight: Sight,
): Promise<WantedRows> {
  const numbers: Numbers = {
    user: await numberOf(db, 'user_name', filter.user),
    account: await numberOf(db, 'label', filter.account),
    partition: await numberOf(db, 'label', filter.partition),
  };
  const names = ['user', 'account', 'partition'] as const;
  if (names.some((name) => filter[name] !== undefined && numbers[name] === undefined)) return NOTHING;
  const totals = sight === 'all' ? await findTotals(db, groupBy, numbers) : undefined;
  return totals ?? { pairs: await findPairs(db, filter, sight), partition: numbers.partition };
}
