import type { Identity } from './caller.ts';
import type { Token } from './store/access.ts';

/** The roles that a token can have; the jobs of one user belong to a user, not to a token. */
export const TOKEN_ROLES = ['viewer', 'ingest', 'admin'] as const;
export type TokenRole = (typeof TOKEN_ROLES)[number];

/** A token to be created. */
export interface NewToken {
  readonly name: string;
  readonly role: TokenRole;
  /** Undefined if it is valid for ever. */
  readonly expiresMs?: number;
}

/** A token with its secret, which is shown once. */
export interface CreatedToken {
  readonly token: Token;
  readonly secret: string;
}

/** The tokens that the service knows. */
export interface Tokens {
  /** In order of their names. */
  list(): readonly Token[];
  /**
   * Creates a token on behalf of `by`; it is valid at once. Rejects with `conflict` if there is one of its
   * name or MAX_TOKENS, and with `validation_error` if it has expired already.
   */
  create(token: NewToken, by: Identity): Promise<CreatedToken>;
  /** Deletes a token, which is then refused at once. Rejects with `not_found`. */
  revoke(name: string, by: Identity): Promise<void>;
}
