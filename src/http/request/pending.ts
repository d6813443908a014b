import { type PendingSignIn, SIGN_IN_MS } from '../../domain/sign-in.ts';

const NAME = 'hpc_observe_sign_in';
/** Each part is some dozens of characters; more was not written here. */
const MAX_LENGTH = 4000;

/** The cookie of a browser whose user is at the identity provider; only the paths of signing in get it. */
export function pendingCookie({ path, isSecure }: { readonly path: string; readonly isSecure: boolean }) {
  // Lax: the provider leads back with a link.
  const attributes = `Path=${path}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  return {
    write: (pending: PendingSignIn): string =>
      `${NAME}=${Buffer.from(JSON.stringify(pending)).toString('base64url')}; Max-Age=${SIGN_IN_MS / 1000}; ${attributes}`,
    clear: `${NAME}=; Max-Age=0; ${attributes}`,
  };
}

/** Returns what a browser brings back; undefined if it has none, or none that was written here. */
export function readPending(request: Request): PendingSignIn | undefined {
  const [, text = ''] =
    new RegExp(`(?:^|;\\s*)${NAME}=([\\w-]+)`).exec(request.headers.get('cookie') ?? '') ?? [];
  if (text === '' || text.length > MAX_LENGTH) return undefined;
  try {
    const { state, nonce, verifier, startedMs, returnTo } = JSON.parse(
      Buffer.from(text, 'base64url').toString(),
    );
    const isWhole =
      [state, nonce, verifier, returnTo].every((part) => typeof part === 'string') &&
      Number.isSafeInteger(startedMs);
    return isWhole ? { state, nonce, verifier, startedMs, returnTo } : undefined;
  } catch {
    return undefined;
  }
}
