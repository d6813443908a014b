import type { Identity } from '../domain/caller.ts';
import { invalid, refuseCredential } from '../domain/errors.ts';
import { type AccessStore, auditEntry, type Token } from '../domain/store/access.ts';
import type { CreatedToken, NewToken, Tokens } from '../domain/token.ts';
import { readBearer } from './bearer.ts';
import { areSameHashes, createSecret, hashSecret, isSecret, SESSION_PREFIX, TOKEN_PREFIX } from './secret.ts';
import type { Way } from './way.ts';

type Store = Pick<AccessStore, 'createToken' | 'revokeToken' | 'saveTokenUses'>;

interface TokenOptions {
  /** The tokens that are stored. */
  readonly stored: readonly Token[];
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface TokenRegistry extends Tokens {
  /** `Authorization: Bearer hpo_…`, or a token in the path where a client can send no header. */
  readonly way: Way;
  /** Stores when tokens were used since the last call. Rejects, and keeps that, if the store refuses. */
  saveUses(): Promise<void>;
  /** Replaces all tokens by those that the store has, as another service has changed them. */
  replace(stored: readonly Token[]): void;
  /** How often tokens were created and revoked here. */
  changes(): number;
}

/** Knows all tokens in memory by their hashes: 1 µs a request, and no request asks the database. */
export function tokenRegistry({ stored, store, now }: TokenOptions): TokenRegistry {
  let byHash = new Map(stored.map((token) => [token.hash, token]));
  let uses = new Map<string, number>();
  let changes: Promise<unknown> = Promise.resolve();
  let changeCount = 0;

  /** Makes one change after the other, so that memory follows the order of the store. */
  function inTurn<Value>(change: () => Promise<Value>): Promise<Value> {
    const result = changes.then(change).finally(() => changeCount++);
    changes = result.catch(() => {});
    return result;
  }

  function find(secret: string, role: Token['role'] | undefined): Token {
    const hash = hashSecret(secret);
    const token = byHash.get(hash);
    // The form of a valid one needs no check, which costs as much as the hash.
    if (!token || !areSameHashes(token.hash, hash))
      throw isSecret(TOKEN_PREFIX, secret) ? UNKNOWN() : refuseForm(secret);
    if (token.expiresMs !== undefined && token.expiresMs <= now()) throw EXPIRED();
    if (role !== undefined && token.role !== role) throw MISPLACED();
    return token;
  }

  function identify(secret: string, role?: Token['role']): Identity {
    const token = find(secret, role);
    uses.set(token.name, now());
    return { name: token.name, proof: 'token', isLocal: false, role: token.role };
  }

  return {
    way({ request, pathToken }) {
      if (pathToken !== undefined) return identify(pathToken, 'ingest');
      const secret = readBearer(request);
      return secret === undefined || secret.startsWith(SESSION_PREFIX) ? undefined : identify(secret);
    },

    list: () =>
      [...byHash.values()]
        .map((token) => withUse(token, uses.get(token.name)))
        .sort((one, other) => (one.name < other.name ? -1 : 1)),

    create: (wanted, by) =>
      inTurn(async () => {
        const created = await createToken(store, wanted, by, now());
        byHash.set(created.token.hash, created.token);
        return created;
      }),

    revoke: (name, by) =>
      inTurn(async () => {
        await store.revokeToken(name, auditEntry(by, 'token_revoked', name, now()));
        for (const token of byHash.values()) if (token.name === name) byHash.delete(token.hash);
        uses.delete(name);
      }),

    changes: () => changeCount,

    replace(stored) {
      byHash = new Map(stored.map((token) => [token.hash, token]));
    },

    async saveUses() {
      if (uses.size === 0) return;
      const saved = uses;
      uses = new Map();
      for (const token of byHash.values()) byHash.set(token.hash, withUse(token, saved.get(token.name)));
      try {
        await store.saveTokenUses(saved);
      } catch (error) {
        uses = new Map([...saved, ...uses]);
        throw error;
      }
    },
  };
}

const withUse = (token: Token, usedMs: number | undefined): Token =>
  usedMs === undefined ? token : { ...token, lastUsedMs: usedMs };

/** Makes a token and stores it; rejects as `Tokens.create` does. */
export async function createToken(
  store: Pick<AccessStore, 'createToken'>,
  { name, role, expiresMs }: NewToken,
  by: Pick<Identity, 'name' | 'proof'>,
  nowMs: number,
): Promise<CreatedToken> {
  if (expiresMs !== undefined && expiresMs <= nowMs) throw invalid('expires must be in the future.');
  const secret = createSecret(TOKEN_PREFIX);
  const token: Token = {
    name,
    role,
    hash: hashSecret(secret),
    createdMs: nowMs,
    createdBy: by.name,
    ...(expiresMs !== undefined && { expiresMs }),
  };
  await store.createToken(token, auditEntry(by, 'token_created', name, nowMs));
  return { token, secret };
}

// The messages never repeat what was sent. A revoked token is unknown, as one that never was.

const UNKNOWN = () => refuseCredential('token_unknown', 'There is no such token; it may have been revoked.');
const EXPIRED = () =>
  refuseCredential('token_expired', 'The token has expired. Ask an administrator for another.');
const MISPLACED = () =>
  refuseCredential(
    'token_misplaced',
    'Only a token of the role ingest may stand in a path: send it as Authorization: Bearer.',
  );

const refuseForm = (secret: string) =>
  refuseCredential(
    'token_malformed',
    secret.startsWith(TOKEN_PREFIX)
      ? 'The token is mistyped or not complete: its last six digits do not fit the others.'
      : `The token is not one of hpc-observe, which begin with ${TOKEN_PREFIX}.`,
  );
