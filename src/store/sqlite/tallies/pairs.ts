import type { Database } from 'bun:sqlite';
import type { OwnSight, Sight } from '../../../domain/caller.ts';
import type { TallyFilter, TallyQuery } from '../../../domain/store/tallies.ts';
import { ANY } from '../../rows/tally.ts';
import { nameFinder } from '../sql/names.ts';

/** A user and an account, as the key of tallies begins. */
export type Pair = readonly [user: number, account: number];

/** The rows of `tally` that answer a question. */
export interface WantedRows {
  readonly pairs: readonly Pair[];
  /** A number, or ANY for the rows of all partitions together; undefined for each of them. */
  readonly partition: number | undefined;
}

const NOTHING: WantedRows = { pairs: [], partition: ANY };

/** Finds the rows that answer a question with the least to add up. */
export function pairFinder(db: Database) {
  const [findUser, findLabel] = [nameFinder(db, 'user'), nameFinder(db, 'label')];
  const selectUsers = db.query<unknown, []>('SELECT id FROM user');
  const selectAccounts = db.query<unknown, []>('SELECT DISTINCT account FROM account_user');
  const selectPairs = db.query<unknown, []>('SELECT user, account FROM account_user');
  const selectOfUser = db.query<unknown, [number]>('SELECT user, account FROM account_user WHERE user = ?');
  const selectOfAccount = db.query<unknown, [number]>(
    'SELECT user, account FROM account_user WHERE account = ?',
  );
  const numbers = (rows: unknown): number[] => (rows as number[][]).map(([number]) => number!);

  function allPairs(user: number | undefined, account: number | undefined): Pair[] {
    if (user !== undefined) {
      const pairs = selectOfUser.values(user) as unknown as Pair[];
      return account === undefined ? pairs : pairs.filter((pair) => pair[1] === account);
    }
    return (account === undefined
      ? selectPairs.values()
      : selectOfAccount.values(account)) as unknown as Pair[];
  }

  function seenPairs(sight: OwnSight, pairs: readonly Pair[]): Pair[] {
    const own = findUser(sight.user);
    const accounts = new Set(sight.accounts.map(findLabel));
    return pairs.filter(([user, account]) => user === own || accounts.has(account));
  }

  /** Returns the rows of the whole cluster, or of one name alone; undefined if there are none. */
  function findTotals(
    groupBy: TallyQuery['groupBy'],
    { user, account, partition }: Record<keyof TallyFilter, number | undefined>,
  ): WantedRows | undefined {
    const given = [user, account, partition].filter((number) => number !== undefined).length;
    const isOnly = (kind: TallyQuery['groupBy'], number: number | undefined) =>
      (groupBy === kind && given === 0) ||
      (number !== undefined && given === 1 && (groupBy === kind || groupBy === 'day'));
    if (isOnly('user', user)) {
      const users = user === undefined ? numbers(selectUsers.values()) : [user];
      return { pairs: users.map((one) => [one, ANY]), partition: ANY };
    }
    if (isOnly('account', account)) {
      const accounts = account === undefined ? numbers(selectAccounts.values()) : [account];
      return { pairs: accounts.map((one) => [ANY, one]), partition: ANY };
    }
    if (isOnly('partition', partition)) return { pairs: [[ANY, ANY]], partition };
    if (groupBy === 'day' && given === 0) return { pairs: [[ANY, ANY]], partition: ANY };
    return undefined;
  }

  return {
    findUser,
    findLabel,

    /** Returns the users and accounts that belong together and are to be seen. */
    findPairs(filter: Omit<TallyFilter, 'partition'>, sight: Sight): Pair[] {
      const user = filter.user === undefined ? undefined : findUser(filter.user);
      const account = filter.account === undefined ? undefined : findLabel(filter.account);
      if (
        (filter.user !== undefined && user === undefined) ||
        (filter.account !== undefined && account === undefined)
      )
        return [];
      const pairs = allPairs(user, account);
      return sight === 'all' ? pairs : seenPairs(sight, pairs);
    },

    findRows({ groupBy, ...filter }: TallyQuery, sight: Sight): WantedRows {
      const user = filter.user === undefined ? undefined : findUser(filter.user);
      const account = filter.account === undefined ? undefined : findLabel(filter.account);
      const partition = filter.partition === undefined ? undefined : findLabel(filter.partition);
      const isUnknown = [
        [filter.user, user],
        [filter.account, account],
        [filter.partition, partition],
      ].some(([name, number]) => name !== undefined && number === undefined);
      if (isUnknown) return NOTHING;
      const totals = sight === 'all' ? findTotals(groupBy, { user, account, partition }) : undefined;
      return totals ?? { pairs: this.findPairs(filter, sight), partition };
    },
  };
}
