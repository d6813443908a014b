import type { Identity, Role } from '../domain/caller.ts';
import { AppError, refuseCredential } from '../domain/errors.ts';
import {
  maxSessionsOf,
  rememberedIdentity,
  SESSION_MS,
  type Sessions,
  whyNoSession,
} from '../domain/session.ts';
import { type AccessStore, auditEntry, type Session } from '../domain/store/access.ts';
import { readBearer } from './bearer.ts';
import type { SessionCookie } from './cookie.ts';
import { signInLinks } from './links.ts';
import { createSecret, hashSecret, SESSION_PREFIX } from './secret.ts';
import type { Way } from './way.ts';

interface SessionOptions {
  readonly store: Pick<AccessStore, 'startSession' | 'endSessions' | 'endSessionsOf'>;
  /** Those that the store has. */
  readonly loaded: readonly Session[];
  readonly cookie: SessionCookie;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Keeps sessions in memory, where each request finds its own by the hash of the secret, and writes them
 * through to the store, so that they outlive a restart.
 */
export function createSessions({ store, loaded, cookie, now }: SessionOptions): {
  readonly way: Way;
  readonly sessions: Sessions;
  /** Replaces all sessions by those that the store has, as another service has changed them. */
  readonly replace: (loaded: readonly Session[]) => void;
  /** How often sessions were started and ended here. */
  readonly changes: () => number;
} {
  let known = new Map(loaded.map((session) => [session.hash, session]));
  let changeCount = 0;
  const links = signInLinks({ now });

  const find = (secret: string): Session | undefined => {
    const session = known.get(hashSecret(secret));
    return session && session.expiresMs > now() ? session : undefined;
  };

  function forget(hashes: readonly string[]): void {
    changeCount++;
    for (const hash of hashes) known.delete(hash);
  }

  const way: Way = ({ request }) => {
    const shown = readSecret(request, cookie);
    if (shown === undefined) return undefined;
    const session = find(shown.secret);
    if (!session) throw refuseCredential('session_ended', shown.isCookie ? SIGN_IN_AGAIN : START_AGAIN);
    const { hash, expiresMs, identity } = session;
    return { ...identity, session: { hash, isCookie: shown.isCookie, expiresMs } };
  };

  async function start(identity: Identity, role?: Role) {
    refuseUnlessRemembered(identity);
    const secret = createSecret(SESSION_PREFIX);
    const createdMs = now();
    const expiresMs = createdMs + SESSION_MS;
    const session = {
      hash: hashSecret(secret),
      identity: rememberedIdentity(identity),
      createdMs,
      expiresMs,
    };
    const entry = auditEntry(identity, 'session_started', identity.name, createdMs);
    forget(await store.startSession(session, entry, maxSessionsOf(identity, role)));
    changeCount++;
    known.set(session.hash, session);
    return { secret, expiresMs };
  }

  /** Forgets sessions before the store does: they are refused at once, also if the disk is full. */
  async function end(hashes: readonly string[], by: Identity, user: string): Promise<void> {
    forget(hashes);
    await store.endSessions(hashes, auditEntry(by, 'session_ended', user, now()));
  }

  return {
    way,
    changes: () => changeCount,
    replace(stored) {
      known = new Map(stored.map((session) => [session.hash, session]));
    },
    sessions: {
      start,

      async signIn(identity, request) {
        const earlier = cookie.read(request).flatMap((secret) => find(secret) ?? []);
        for (const session of earlier) await end([session.hash], session.identity, session.identity.name);
        const { secret } = await start(identity);
        return cookie.write(secret, SESSION_MS);
      },

      async end(identity) {
        if (!identity.session)
          throw new AppError('not_found', 'This request does not belong to a session, so that none can end.');
        await end([identity.session.hash], identity, identity.name);
      },

      async endAllOf(user, by) {
        const own = [...known.values()].filter(({ identity }) => identity.name === user);
        forget(own.map(({ hash }) => hash));
        const ended = await store.endSessionsOf(user, auditEntry(by, 'sessions_revoked', user, now()));
        // One may have been stored meanwhile.
        forget(ended);
        return ended.length;
      },

      createLink(identity) {
        refuseUnlessRemembered(identity);
        return links.create(rememberedIdentity(identity));
      },
      useLink: links.use,
      clearCookie: cookie.clear,
      hasCookie: (request) => cookie.read(request).length > 0,
    },
  };
}

/** Returns the secret of a session that a request shows; a header is meant, a cookie may be left over. */
function readSecret(
  request: Request,
  cookie: SessionCookie,
): { readonly secret: string; readonly isCookie: boolean } | undefined {
  const bearer = readBearer(request);
  if (bearer !== undefined)
    return bearer.startsWith(SESSION_PREFIX) ? { secret: bearer, isCookie: false } : undefined;
  if (/^munge\b/i.test(request.headers.get('authorization') ?? '')) return undefined;
  const [secret, ...others] = cookie.read(request);
  if (secret === undefined) return undefined;
  // Another page of this host may have added its own, to sign somebody in as somebody else.
  if (others.length > 0)
    throw refuseCredential('session_ended', 'The browser sends two sessions; sign in again.');
  return { secret, isCookie: true };
}

function refuseUnlessRemembered(identity: Identity): void {
  const reason = whyNoSession(identity);
  if (reason !== undefined) throw new AppError('forbidden', reason);
}

const SIGN_IN_AGAIN = 'This session has ended; sign in again.';
const START_AGAIN = 'This session has ended or was revoked; start a new one with POST /v1/sessions.';
