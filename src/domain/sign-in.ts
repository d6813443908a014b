import type { Identity } from './caller.ts';

/** How long a person may take to sign in at an identity provider. */
export const SIGN_IN_MS = 10 * 60_000;

/** What a browser keeps while its user is at the identity provider. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly startedMs: number;
  /** The path to show afterwards. */
  readonly returnTo: string;
}

/** The identity provider of a site, at which people sign in. */
export interface SignInProvider {
  /**
   * Returns where to send the browser, and what it must bring back. Rejects with `unavailable` if the
   * provider does not answer.
   */
  start(
    redirectUri: string,
    returnTo: string,
    nowMs: number,
  ): Promise<{ readonly url: URL; readonly pending: PendingSignIn }>;
  /**
   * Redeems the code that the provider gave the browser. `answer` is the redirect URI with the provider's
   * parameters. Rejects with `unauthorized` if it does not belong to `pending`, and with `unavailable`.
   */
  finish(answer: URL, pending: PendingSignIn, nowMs: number): Promise<Identity>;
  /** Returns where the browser ends its session at the provider; undefined if it has no such page. */
  findSignOut(returnTo: string): Promise<URL | undefined>;
}

const MAX_PATH = 2000;

/** Returns a path of the service to lead a browser to; `/` for anything that may lead elsewhere. */
export function localPath(text: string | null): string {
  // Browsers read a backslash as a slash, and // as the start of a host.
  const isLocal = text !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(text) && text.length <= MAX_PATH;
  return isLocal && !text.includes('\\') ? text : '/';
}
