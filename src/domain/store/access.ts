import type { Identity, Role } from '../caller.ts';

/** A secret that a program shows with each request. */
export interface Token {
  /** Unique. A revoked token is deleted, and its name is free again. */
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

/** What the audit record tells of. */
export const AUDIT_ACTIONS = [
  'job_deleted',
  'token_created',
  'token_revoked',
  'session_started',
  'session_ended',
  'sessions_revoked',
  'job_cancelled',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** A change that an administrator made, or that concerns access. */
export interface AuditEntry {
  readonly timeMs: number;
  /** The name of who did it, or of the policy. */
  readonly caller: string;
  readonly proof: Identity['proof'] | 'policy';
  readonly action: AuditAction;
  /** The id of the job, or the name of the token or user. */
  readonly subject: string;
  /** Why, where a policy did it: JSON. */
  readonly evidence?: string;
}

export interface NumberedEntry extends AuditEntry {
  /** Entries are numbered in the order in which they were stored. */
  readonly number: number;
}

/** The newest `limit` entries (1 to 1,000) of those with numbers below `before`. */
export interface AuditPage {
  readonly limit: number;
  readonly before?: number;
}

export const MAX_TOKENS = 10_000;
/** A user's oldest sessions end when there are more. */
export const MAX_USER_SESSIONS = 100;
/** The same for the user of an agent, which has a session on every node of a large cluster. */
export const MAX_AGENT_SESSIONS = 20_000;
/** Those that expire first end when there are more. */
export const MAX_SESSIONS = 50_000;

/** Returns the audit entry of a change that somebody made at `timeMs`. */
export const auditEntry = (
  { name, proof }: Pick<Identity, 'name' | 'proof'>,
  action: AuditAction,
  subject: string,
  timeMs: number,
): AuditEntry => ({ timeMs, caller: name, proof, action, subject });

/**
 * Tokens, sessions and the audit record. See `Store` for the promises of all methods. An audit entry is
 * stored in the same commit as the change that it records, and only if there was a change. Entries of
 * sessions are kept while they are among the newest 1,000,000, all others as long as `Retention` says.
 */
export interface AccessStore {
  /** Returns all tokens, in order of name, and the sessions that have not expired at `nowMs`. */
  loadAccess(nowMs: number): Promise<{ tokens: Token[]; sessions: Session[] }>;

  /** Stores a new token. Rejects with `conflict` if there is one of its name, or if there are MAX_TOKENS. */
  createToken(token: Token, entry: AuditEntry): Promise<void>;

  /** Deletes a token. Rejects with `not_found`. */
  revokeToken(name: string, entry: AuditEntry): Promise<void>;

  /** Stores when tokens were last used; names that no longer exist are ignored. */
  saveTokenUses(uses: ReadonlyMap<string, number>): Promise<void>;

  /**
   * Stores a session, which belongs to the user whom its identity names. Returns the hashes of the sessions
   * that ended with this: those expired at its start, and those beyond `maxOfUser` (by default
   * MAX_USER_SESSIONS) and MAX_SESSIONS.
   */
  startSession(session: Session, entry: AuditEntry, maxOfUser?: number): Promise<string[]>;

  /** Deletes sessions by their hashes. Returns the hashes of those that there were. */
  endSessions(hashes: readonly string[], entry: AuditEntry): Promise<string[]>;

  /** Deletes all sessions of a user. Returns their hashes; none if the user had no session. */
  endSessionsOf(user: string, entry: AuditEntry): Promise<string[]>;

  /** Lists a page of the audit record, newest first. */
  listAudit(page: AuditPage): Promise<NumberedEntry[]>;
}
