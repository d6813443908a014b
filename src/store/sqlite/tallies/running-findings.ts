import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import type { FindingCount, TallyFilter } from '../../../domain/store/tallies.ts';
import { type CountRow, readCount } from '../../rows/finding-count.ts';
import { perConnection } from '../sql/per-connection.ts';
import { findingCounter } from './findings.ts';
import { pairFinder } from './pairs.ts';

/** Findings read between two yields: some hundred microseconds. */
const FINDINGS_AT_ONCE = 500;

interface Row {
  readonly kind: number;
  readonly severity: number;
  readonly user: number;
  /** 0 if the job has none. */
  readonly account: number;
  readonly partition: number | null;
}

/** Counts running jobs by what rules find of them, step by step. */
export const runningFindingReader = perConnection((db: Database) => {
  const { findUser, findLabel } = pairFinder(db);
  const countAll = findingCounter(db, 'running_finding_count');
  const selectKind = db.query<{ name: string }, [number]>('SELECT name FROM label WHERE id = ?');
  const select = db.query<Row, []>(
    `SELECT kind, severity, job.user AS user, ifnull(detail.account, 0) AS account, detail.partition AS partition
       FROM running_finding CROSS JOIN job ON job.seq = run LEFT JOIN detail ON detail.job = run`,
  );

  /** Returns whether a job counts; undefined if none does, because a name was never stored. */
  function conditionOf(filter: TallyFilter, sight: Sight): ((row: Row) => boolean) | undefined {
    const [user, account, partition] = [
      filter.user === undefined ? 'any' : findUser(filter.user),
      filter.account === undefined ? 'any' : findLabel(filter.account),
      filter.partition === undefined ? 'any' : findLabel(filter.partition),
    ];
    if (user === undefined || account === undefined || partition === undefined) return undefined;
    const own = sight === 'all' ? undefined : findUser(sight.user);
    const accounts = new Set(sight === 'all' ? [] : sight.accounts.map(findLabel));
    return (row) =>
      (user === 'any' || row.user === user) &&
      (account === 'any' || row.account === account) &&
      (partition === 'any' || row.partition === partition) &&
      (sight === 'all' || row.user === own || accounts.has(row.account));
  }

  return function* (filter: TallyFilter, sight: Sight): Generator<undefined, FindingCount[]> {
    if (sight === 'all' && Object.values(filter).every((name) => name === undefined)) return countAll();
    const counts = conditionOf(filter, sight);
    if (!counts) return [];
    const byKey = new Map<string, CountRow>();
    let read = 0;
    for (const row of select.iterate()) {
      if (++read % FINDINGS_AT_ONCE === 0) yield;
      if (!counts(row)) continue;
      const { severity } = row;
      const key = `${row.kind} ${severity}`;
      const known = byKey.get(key);
      const kind = known?.kind ?? selectKind.get(row.kind)!.name;
      byKey.set(key, { kind, severity, runs: (known?.runs ?? 0) + 1 });
    }
    return [...byKey.values()].map(readCount);
  };
});
