import type { Identity, Role } from './caller.ts';
import { MAX_AGENT_SESSIONS, MAX_USER_SESSIONS } from './store/access.ts';

/** A working day, so that nobody signs in twice in it. */
export const SESSION_MS = 12 * 3_600_000;
/** How long a link from the terminal can be opened. */
export const LINK_MS = 60_000;

/** A session that was just started; its secret is not known afterwards. */
export interface StartedSession {
  readonly secret: string;
  readonly expiresMs: number;
}

/** A link that signs a browser in, once. */
export interface SignInLink {
  readonly secret: string;
  readonly expiresMs: number;
}

/** The sessions of browsers, and of programs that proved themselves once. */
export interface Sessions {
  /**
   * Starts a session for somebody; it is valid as soon as it is on disk. Rejects with `forbidden` if its
   * proof cannot be remembered. `role` is the one that the rules give at present.
   */
  start(identity: Identity, role?: Role): Promise<StartedSession>;
  /** Starts a session, as `start`, and ends the one that a browser shows. Returns the Set-Cookie header. */
  signIn(identity: Identity, request: Request): Promise<string>;
  /** Ends the session that proved the caller; it is refused at once. Rejects with `not_found` without one. */
  end(identity: Identity): Promise<void>;
  /** Ends all sessions of a user, which are refused at once. Returns how many there were. */
  endAllOf(user: string, by: Identity): Promise<number>;
  /** Creates a link for a browser of somebody. Rejects with `forbidden` as `start` does, or `unavailable`. */
  createLink(identity: Identity): SignInLink;
  /** Returns who created a link, once. Throws `unauthorized` if it was used or has expired. */
  useLink(secret: string): Identity;
  /** A Set-Cookie header that removes the cookie of a session. */
  readonly clearCookie: string;
  /** Whether a request shows a session by a cookie. */
  hasCookie(request: Request): boolean;
}

/** Returns why a proof cannot be remembered as a session, as a sentence; undefined if it can. */
export function whyNoSession({ proof, session }: Identity): string | undefined {
  // Otherwise a stolen session would never end, and one of a revoked token would go on.
  if (session)
    return 'A session cannot start another one; prove who you are by the kernel or by MUNGE again.';
  if (proof === 'token') return 'A token needs no session: send it with each request.';
  if (proof === 'open') return 'This service is open to everybody and needs no sessions.';
  return undefined;
}

/** Returns what a session remembers: the proof, and not the role, which is decided at each request. */
export const rememberedIdentity = ({ name, uid, proof, isLocal, groups }: Identity): Identity => ({
  name,
  ...(uid !== undefined && { uid }),
  proof,
  isLocal,
  ...(groups !== undefined && { groups }),
});

/** Returns how many sessions a user may have: the user of agents has one on every node. */
export const maxSessionsOf = ({ name }: Identity, role: Role | undefined): number =>
  // Also when root signs in from a browser, because its agents have the same name.
  name === 'root' || role === 'ingest' ? MAX_AGENT_SESSIONS : MAX_USER_SESSIONS;
