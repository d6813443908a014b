// Under which names a service is reached, and which web pages may use it.

/** How a service is reached. */
export interface Site {
  /** Whether requests are checked for one of `names`; a unix socket has no name that a web page could use. */
  readonly checksNames: boolean;
  /** The names of the service beside its addresses, in lower case. */
  readonly names: ReadonlySet<string>;
  /** Whether the service itself speaks TLS. */
  readonly isTls: boolean;
  /** The origin behind a proxy, such as https://portal.example.org. */
  readonly publicOrigin: string | undefined;
  /** The path under which a proxy shows the service, such as /hpc-observe; empty for the root. */
  readonly basePath: string;
  /** The origins of other web pages that may read and write as their user. */
  readonly otherOrigins: ReadonlySet<string>;
  /** The origins whose pages may show those of the service in a frame. */
  readonly frameAncestors: readonly string[];
}

/** A service without settings, which only its own machine reaches. */
export const LOCAL_SITE: Site = {
  checksNames: true,
  names: new Set(['localhost']),
  isTls: false,
  publicOrigin: undefined,
  basePath: '',
  otherOrigins: new Set(),
  frameAncestors: [],
};

const HOST = /^(\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i;
const BYTE = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4 = new RegExp(`^(${BYTE}\\.){3}${BYTE}$`);

/**
 * Returns whether a Host header has an address, or a name of the service: a page whose own name was made to
 * point here (DNS rebinding) sends that name. Programs may leave the header out; browsers never do.
 */
export function isOwnHost({ names }: Pick<Site, 'names'>, host: string | null): boolean {
  if (host === null || host === '') return true;
  const name = HOST.exec(host)?.[1]?.toLowerCase();
  if (name === undefined) return false;
  return name.startsWith('[') || IPV4.test(name) || names.has(name.replace(/\.$/, ''));
}

/** The headers by which a browser says which page sends a request; null where there is none. */
export interface Sender {
  readonly host: string | null;
  readonly origin: string | null;
  /** Sec-Fetch-Site. */
  readonly fetchSite: string | null;
}

/** The headers by which a browser says which page asks for something, and for what. */
export interface Asker extends Omit<Sender, 'host'> {
  /** Sec-Fetch-Mode and Sec-Fetch-Dest. */
  readonly fetchMode: string | null;
  readonly fetchDest: string | null;
}

/**
 * Returns whether a read is that of a program, of a page of the service or of one that is trusted, or opens a
 * page in a window of its own, or in a frame where portals may have one. Pages elsewhere cannot see an
 * answer, but can see whether there is one: `<object>` and `<link rel=prefetch>` tell a 200 from a 404, and
 * so whether a job exists.
 */
export function mayRead(site: Site, { origin, fetchSite, fetchMode, fetchDest }: Asker): boolean {
  if (fetchSite !== 'cross-site' && fetchSite !== 'same-site') return true;
  // Browsers then look at the frame-ancestors of the answer.
  const isFramed = fetchDest === 'iframe' && site.frameAncestors.length > 0;
  if (fetchMode === 'navigate' && (fetchDest === 'document' || isFramed)) return true;
  return origin !== null && (origin === site.publicOrigin || site.otherOrigins.has(origin));
}

/** Returns whether a request is sent by a program, by a page of the service or by one that is trusted. */
export function isFromTrustedPage(site: Site, { host, origin, fetchSite }: Sender): boolean {
  if (origin === null) return fetchSite !== 'cross-site' && fetchSite !== 'same-site';
  return origin === ownOrigin(site, host) || origin === site.publicOrigin || site.otherOrigins.has(origin);
}

/** Browsers leave out the port of the scheme. */
function ownOrigin({ isTls }: Site, host: string | null): string | undefined {
  if (!host) return undefined;
  const name = host.toLowerCase();
  return isTls ? `https://${name.replace(/:443$/, '')}` : `http://${name.replace(/:80$/, '')}`;
}

/**
 * Returns the URL of the service for the sender of a request to `host`, without a slash at its end; that of
 * localhost for a Host that is none.
 */
export function urlOf({ publicOrigin, isTls, basePath }: Site, host: string | null): string {
  const scheme = isTls ? 'https' : 'http';
  const isHost = host !== null && HOST.test(host) && URL.canParse(`${scheme}://${host}`);
  return `${publicOrigin ?? `${scheme}://${isHost ? host : 'localhost'}`}${basePath}`;
}
