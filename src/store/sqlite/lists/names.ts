import type { Database } from 'bun:sqlite';
import type { OwnSight, Sight } from '../../../domain/caller.ts';
import { MAX_NAMES, type NameKind } from '../../../domain/name.ts';

/** The name of no node is empty. */
const BEGINS = "name >= ?1 AND name < ?2 AND name > ''";
const FIRST = `ORDER BY name LIMIT ${MAX_NAMES}`;
/** Comes after every text that begins with the one before it. */
const BEYOND = '\u{10ffff}';

/** All names of a kind; accounts and partitions are labels, and others are too. */
const ALL: Record<NameKind, string> = {
  user: `SELECT name FROM user WHERE ${BEGINS} ${FIRST}`,
  node: `SELECT name FROM node WHERE ${BEGINS} ${FIRST}`,
  account: `SELECT name FROM label WHERE ${BEGINS}
     AND EXISTS (SELECT 1 FROM account_user WHERE account_user.account = label.id) ${FIRST}`,
  partition: `SELECT name FROM label WHERE ${BEGINS}
     AND id IN (SELECT partition FROM live_count UNION SELECT partition FROM finished_count) ${FIRST}`,
};

/** Users with jobs of the accounts in ?4, and ?3; the accounts in ?4, and those that ?3 had jobs of. */
const ACCOUNTS = 'SELECT id FROM label WHERE name IN (SELECT value FROM json_each(?4))';
const SEEN: Partial<Record<NameKind, string>> = {
  user: `SELECT name FROM user WHERE ${BEGINS} AND (name = ?3
     OR id IN (SELECT user FROM account_user WHERE account IN (${ACCOUNTS}))) ${FIRST}`,
  account: `SELECT name FROM label WHERE ${BEGINS} AND (id IN (${ACCOUNTS})
     OR id IN (SELECT account FROM account_user WHERE user = (SELECT id FROM user WHERE name = ?3))) ${FIRST}`,
};

/** Returns a function that lists the first names that begin with a text and that somebody may see. */
export function nameLister(db: Database) {
  const listAll = (kind: NameKind, prefix: string) =>
    db.query<{ name: string }, [string, string]>(ALL[kind]).all(prefix, prefix + BEYOND);

  function listSeen(kind: NameKind, prefix: string, { user, accounts }: OwnSight) {
    const sql = SEEN[kind];
    if (sql === undefined) return [];
    return db
      .query<{ name: string }, string[]>(sql)
      .all(prefix, prefix + BEYOND, user, JSON.stringify(accounts));
  }

  return (kind: NameKind, prefix: string, sight: Sight): string[] =>
    (sight === 'all' ? listAll(kind, prefix) : listSeen(kind, prefix, sight)).map(({ name }) => name);
}
