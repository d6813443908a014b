import { tokenExists, tokenNotFound, tooManyTokens } from '../../../domain/errors.ts';
import { type AuditEntry, MAX_TOKENS, type Token } from '../../../domain/store/access.ts';
import type { Queries, Writing } from '../sql/queries.ts';
import type { AuditWriter } from './audit.ts';

type TokenRow = Omit<Token, 'expiresMs' | 'lastUsedMs'> & {
  readonly expiresMs: number | null;
  readonly lastUsedMs: number | null;
};

/** Writes tokens inside the transaction of the group. */
export function tokenWriter(db: Writing, audit: AuditWriter) {
  return {
    async create(token: Token, entry: AuditEntry): Promise<void> {
      const { name, role, hash, createdMs, createdBy, expiresMs } = token;
      if (await db.get('SELECT 1 FROM token WHERE name = $1', [name])) throw tokenExists(name);
      const { tokens } = (await db.get<{ tokens: number }>('SELECT count(*) AS tokens FROM token'))!;
      if (tokens >= MAX_TOKENS) throw tooManyTokens(MAX_TOKENS);
      db.send(
        'INSERT INTO token (name, role, hash, created, created_by, expires) VALUES ($1, $2, $3, $4, $5, $6)',
        [name, role, hash, createdMs, createdBy, expiresMs ?? null],
      );
      audit.record(entry);
    },

    async revoke(name: string, entry: AuditEntry): Promise<void> {
      if ((await db.change('DELETE FROM token WHERE name = $1', [name])) === 0) throw tokenNotFound(name);
      audit.record(entry);
    },

    saveUses(uses: readonly (readonly [name: string, timeMs: number])[]): void {
      // A token may have been revoked and made again since.
      db.send(
        `UPDATE token SET last_used = given.used FROM unnest($1::text[], $2::bigint[]) AS given (name, used)
          WHERE token.name = given.name AND created <= given.used AND coalesce(last_used, 0) < given.used`,
        [uses.map(([name]) => name), uses.map(([, timeMs]) => timeMs)],
      );
    },
  };
}

/** Reads all tokens, in order of name. */
export async function readTokens(db: Queries): Promise<Token[]> {
  const rows = await db.all<TokenRow>(
    `SELECT name, role, hash, created AS "createdMs", created_by AS "createdBy", expires AS "expiresMs",
            last_used AS "lastUsedMs" FROM token ORDER BY name`,
  );
  return rows.map(({ expiresMs, lastUsedMs, ...token }) => ({
    ...token,
    ...(expiresMs !== null && { expiresMs }),
    ...(lastUsedMs !== null && { lastUsedMs }),
  }));
}
