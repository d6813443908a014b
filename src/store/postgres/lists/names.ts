import type { Sight } from '../../../domain/caller.ts';
import { MAX_NAMES, type NameKind } from '../../../domain/name.ts';
import type { Queries } from '../sql/queries.ts';

/** The name of no node is empty. */
const BEGINS = "name >= $1 AND name < $2 AND name > ''";
const FIRST = `ORDER BY name LIMIT ${MAX_NAMES}`;
/** Comes after every text that begins with the one before it. */
const BEYOND = '\u{10ffff}';

/** All names of a kind; accounts and partitions are labels, and others are too. */
const ALL: Record<NameKind, string> = {
  user: `SELECT name FROM user_name WHERE ${BEGINS} ${FIRST}`,
  node: `SELECT name FROM node_name WHERE ${BEGINS} ${FIRST}`,
  account: `SELECT name FROM label WHERE ${BEGINS}
     AND EXISTS (SELECT 1 FROM account_user WHERE account_user.account = label.id) ${FIRST}`,
  partition: `SELECT name FROM label WHERE ${BEGINS}
     AND id IN (SELECT partition FROM live_count UNION SELECT partition FROM finished_count) ${FIRST}`,
};

/** Users with jobs of the accounts in $4, and $3; the accounts in $4, and those that $3 had jobs of. */
const ACCOUNTS = 'SELECT id FROM label WHERE name = ANY($4::text[])';
const SEEN: Partial<Record<NameKind, string>> = {
  user: `SELECT name FROM user_name WHERE ${BEGINS} AND (name = $3
     OR id IN (SELECT account_user.user FROM account_user WHERE account IN (${ACCOUNTS}))) ${FIRST}`,
  account: `SELECT name FROM label WHERE ${BEGINS} AND (id IN (${ACCOUNTS})
     OR id IN (SELECT account FROM account_user
                WHERE account_user.user = (SELECT id FROM user_name WHERE name = $3))) ${FIRST}`,
};

/** Lists the first names that begin with a text and that somebody may see. */
export async function listNames(
  db: Queries,
  kind: NameKind,
  prefix: string,
  sight: Sight,
): Promise<string[]> {
  const sql = sight === 'all' ? ALL[kind] : SEEN[kind];
  if (sql === undefined) return [];
  const seen = sight === 'all' ? [] : [sight.user, sight.accounts];
  const rows = await db.all<{ name: string }>(sql, [prefix, prefix + BEYOND, ...seen]);
  return rows.map(({ name }) => name);
}
