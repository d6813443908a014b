// Who sends a request, and what that person or program may do. `access` proves who it is.

/**
 * `user` reads the jobs that are theirs, `viewer` reads all; `ingest` writes samples, events and completions
 * and reads nothing; `admin` may do everything.
 */
export const ROLES = ['user', 'viewer', 'ingest', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The ways in which a name is proved; `open` proves nothing and lets everybody do everything. */
export const PROOFS = ['open', 'kernel', 'munge', 'token', 'certificate', 'proxy', 'oidc'] as const;
export type Proof = (typeof PROOFS)[number];

/** A name that was proved. */
export interface Identity {
  readonly name: string;
  readonly uid?: number;
  readonly proof: Proof;
  /** Whether it was proved on the service's own machine: root of another machine may do less. */
  readonly isLocal: boolean;
  /** The role that comes with the proof, such as a token's; others follow from the name. */
  readonly role?: Role;
  /** Groups that the proof names, such as those of OIDC. */
  readonly groups?: readonly string[];
  /** The session that remembers the proof; undefined if the request itself proved it. */
  readonly session?: ShownSession;
}

/** How a request showed a session. */
export interface ShownSession {
  /** SHA-256 of its secret in hexadecimal digits. */
  readonly hash: string;
  /** Browsers send a cookie by themselves, also for requests of other sites. */
  readonly isCookie: boolean;
  readonly expiresMs: number;
}

/** The jobs that a caller may see: all, or their own and those of the accounts that they coordinate. */
export type Sight = 'all' | OwnSight;

export interface OwnSight {
  readonly user: string;
  /** Slurm accounts. */
  readonly accounts: readonly string[];
}

/** The sender of a request. */
export interface Caller {
  /** Undefined for somebody who proved nothing. */
  readonly identity: Identity | undefined;
  readonly role: Role | undefined;
  /** The rule that gives the role, in words. */
  readonly roleWhy?: string;
  /** Undefined for those who may read no job. */
  readonly sight: Sight | undefined;
}

/** Somebody who proved nothing. */
export const NOBODY: Caller = { identity: undefined, role: undefined, sight: undefined };

/** The caller of every request of a service that was opened to everybody. */
export const ANYBODY: Caller = {
  identity: { name: 'anybody', proof: 'open', isLocal: false },
  role: 'admin',
  sight: 'all',
};
