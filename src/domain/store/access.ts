import type { Identity, Role } from '../caller.ts';

/** A secret that a program shows with each request. */
export interface Token {
  /** Unique, also among revoked ones that are still listed. */
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the token in hexadecimal digits; the token itself is stored nowhere. */
  readonly hash: string;
  readonly createdMs: number;
  readonly createdBy: string;
  /** Undefined if it is valid for ever. */
  readonly expiresMs?: number;
  readonly lastUsedMs?: number;
}

/** A proof that is remembered: for a browser, or for a program that proved itself by MUNGE. */
export interface Session {
  /** SHA-256 of the session's secret in hexadecimal digits. */
  readonly hash: string;
  readonly identity: Identity;
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** A change that an administrator made, or that concerns access. */
export interface AuditEntry {
  readonly timeMs: number;
  /** The name of who did it. */
  readonly caller: string;
  readonly proof: Identity['proof'];
  readonly action:
    | 'job_deleted'
    | 'token_created'
    | 'token_revoked'
    | 'session_started'
    | 'session_ended'
    | 'sessions_revoked';
  /** The id of the job, or the name of the token or user. */
  readonly subject: string;
}

/**
 * Tokens, sessions and the audit record. See `Store` for the promises of all methods. An audit entry is
 * stored in the same commit as the change that it records.
 */
export interface AccessStore {
  /** Returns all tokens and the sessions that have not expired at `nowMs`. */
  loadAccess(nowMs: number): Promise<{ tokens: Token[]; sessions: Session[] }>;

  /** Stores a new token. Rejects with `conflict` if there is one of its name. */
  createToken(token: Token, entry: AuditEntry): Promise<void>;

  /** Deletes a token. Rejects with `not_found`. */
  revokeToken(name: string, entry: AuditEntry): Promise<void>;

  /** Stores when tokens were last used; names that no longer exist are ignored. */
  saveTokenUses(uses: ReadonlyMap<string, number>): Promise<void>;

  /** Stores a session, and deletes those that have expired at its start. */
  startSession(session: Session, entry: AuditEntry): Promise<void>;

  /** Deletes sessions by their hashes; unknown ones are ignored. */
  endSessions(hashes: readonly string[], entry: AuditEntry): Promise<void>;

  /** Lists the newest `limit` entries before the number `before`, newest first; each with its number. */
  listAudit(page: { readonly limit: number; readonly before?: number }): Promise<NumberedEntry[]>;
}

export interface NumberedEntry extends AuditEntry {
  readonly number: number;
}
