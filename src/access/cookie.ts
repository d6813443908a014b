/** Reads and writes the cookie of sessions in browsers. */
export interface SessionCookie {
  /** Returns the values that a request shows; several if other pages of this host have set some too. */
  read(request: Request): string[];
  /** Renders a Set-Cookie header that sets the cookie for some time. */
  write(value: string, maxAgeMs: number): string;
  /** A Set-Cookie header that removes the cookie. */
  readonly clear: string;
}

interface CookieOptions {
  /** Whether browsers reach the service by TLS. */
  readonly isSecure: boolean;
  /** The path under which browsers reach the service; empty for the root. */
  readonly basePath: string;
}

/**
 * Describes the cookie: with TLS, the prefix __Host- makes browsers refuse it from other hosts and without
 * TLS (RFC 6265bis, 4.1.3.2). In a portal it has a path, so that other applications do not get it; then only
 * the prefix __Secure- is possible.
 */
export function sessionCookie({ isSecure, basePath }: CookieOptions): SessionCookie {
  const name = nameOf(isSecure, basePath !== '');
  // Lax: links from elsewhere open pages signed in, and forms of other sites do not send it.
  const attributes = `Path=${basePath || '/'}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  const start = `${name}=`;
  return {
    read(request) {
      const header = request.headers.get('cookie');
      if (header === null) return [];
      return header
        .split(';')
        .map((pair) => pair.trim())
        .filter((pair) => pair.startsWith(start))
        .map((pair) => pair.slice(start.length));
    },
    write: (value, maxAgeMs) => `${start}${value}; Max-Age=${Math.floor(maxAgeMs / 1000)}; ${attributes}`,
    clear: `${start}; Max-Age=0; ${attributes}`,
  };
}

function nameOf(isSecure: boolean, hasPath: boolean): string {
  if (!isSecure) return 'hpc_observe_session';
  return `${hasPath ? '__Secure-' : '__Host-'}hpc_observe`;
}
