import type { Database } from 'bun:sqlite';
import { tokenExists, tokenNotFound, tooManyTokens } from '../../../domain/errors.ts';
import { type AuditEntry, MAX_TOKENS, type Token } from '../../../domain/store/access.ts';
import type { AuditWriter } from './audit.ts';

type TokenRow = Omit<Token, 'expiresMs' | 'lastUsedMs'> & {
  readonly expiresMs: number | null;
  readonly lastUsedMs: number | null;
};

/** Writes tokens inside the transaction of the group. */
export function tokenWriter(db: Database, audit: AuditWriter) {
  const select = db.query<unknown, [string]>('SELECT 1 FROM token WHERE name = ?');
  const count = db.query<{ tokens: number }, []>('SELECT count(*) AS tokens FROM token');
  const insert = db.query(
    'INSERT INTO token (name, role, hash, created, created_by, expires) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const remove = db.query('DELETE FROM token WHERE name = ?');
  // A token may have been revoked and made again since.
  const setUse = db.query(
    'UPDATE token SET last_used = ?2 WHERE name = ?1 AND created <= ?2 AND ifnull(last_used, 0) < ?2',
  );

  return {
    create({ name, role, hash, createdMs, createdBy, expiresMs }: Token, entry: AuditEntry): void {
      if (select.get(name)) throw tokenExists(name);
      if (count.get()!.tokens >= MAX_TOKENS) throw tooManyTokens(MAX_TOKENS);
      insert.run(name, role, hash, createdMs, createdBy, expiresMs ?? null);
      audit.record(entry);
    },

    revoke(name: string, entry: AuditEntry): void {
      if (remove.run(name).changes === 0) throw tokenNotFound(name);
      audit.record(entry);
    },

    saveUses(uses: readonly (readonly [name: string, timeMs: number])[]): void {
      for (const [name, timeMs] of uses) setUse.run(name, timeMs);
    },
  };
}

/** Returns a function that reads all tokens, in order of name. */
export function tokenReader(db: Database): () => Token[] {
  const select = db.query<TokenRow, []>(
    `SELECT name, role, hash, created AS createdMs, created_by AS createdBy, expires AS expiresMs, last_used AS lastUsedMs
       FROM token ORDER BY name`,
  );
  return () =>
    select.all().map(({ expiresMs, lastUsedMs, ...token }) => ({
      ...token,
      ...(expiresMs !== null && { expiresMs }),
      ...(lastUsedMs !== null && { lastUsedMs }),
    }));
}
