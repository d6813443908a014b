import type { Identity } from '../domain/caller.ts';
import { AppError, refuseCredential } from '../domain/errors.ts';
import { LINK_MS, type SignInLink } from '../domain/session.ts';
import { createSecret, hashSecret, SESSION_PREFIX } from './secret.ts';

/** A person who types `login` again and again. */
const MAX_LINKS_OF_USER = 10;
const MAX_LINKS = 1000;

interface Pending {
  readonly identity: Identity;
  readonly expiresMs: number;
}

export interface SignInLinks {
  /** Creates a link for a browser of somebody. Rejects with `unavailable` if there are too many. */
  create(identity: Identity): SignInLink;
  /** Returns who created a link, and forgets it. Throws `unauthorized` if it was used or has expired. */
  use(secret: string): Identity;
}

/** Remembers links that sign a browser in: each once, and for a minute. A restart forgets them. */
export function signInLinks({ now }: { readonly now: () => number }): SignInLinks {
  /** By the hash of the secret, in the order of their expiry. */
  const pending = new Map<string, Pending>();

  function forgetExpired(): void {
    for (const [hash, { expiresMs }] of pending) {
      if (expiresMs > now()) return;
      pending.delete(hash);
    }
  }

  return {
    create(identity) {
      forgetExpired();
      const own = [...pending.values()].filter((one) => one.identity.name === identity.name);
      if (own.length >= MAX_LINKS_OF_USER || pending.size >= MAX_LINKS)
        throw new AppError('unavailable', 'Too many links wait to be opened. Try again in a minute.');
      const secret = createSecret(SESSION_PREFIX);
      const expiresMs = now() + LINK_MS;
      pending.set(hashSecret(secret), { identity, expiresMs });
      return { secret, expiresMs };
    },

    use(secret) {
      forgetExpired();
      // Found by its hash, so that the time of the search says nothing about the secret.
      const hash = hashSecret(secret);
      const found = pending.get(hash);
      if (!found) throw refuseCredential('link_used', LINK_USED);
      pending.delete(hash);
      return found.identity;
    },
  };
}

const LINK_USED =
  'This link was used before, or is older than a minute. Get a new one with hpc-observe login.';
