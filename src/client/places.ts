import { ClientError } from './error.ts';

/** Codes of `fetch` for a request that no service has received. */
const NOT_SENT: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH'];

/** Where one service of several is asked, which share a database. */
export interface Places {
  readonly count: number;
  /** The URL to ask, without a slash at its end. */
  current(): string;
  /**
   * Goes on to another place after a request to `base` has failed, if that may help: to the service that
   * writes, where the error names it. Returns whether the request may be sent again at once, because no
   * service can have stored it.
   */
  leave(base: string, error: unknown): boolean;
}

/** Remembers which of some URLs is to be asked. Other URLs that a service names are never asked. */
export function placesOf(urls: readonly string[]): Places {
  const bases = urls.map((url) => new URL(url).href.replace(/\/+$/, ''));
  let at = 0;
  return {
    count: bases.length,
    current: () => bases[at]!,
    leave(base, error) {
      const refusal = error instanceof ClientError ? error : undefined;
      if (refusal && refusal.code !== 'unavailable') return false;
      const writer = refusal?.writer;
      // Another request may have gone on before.
      if (bases[at] === base) {
        const named = writer === undefined ? -1 : bases.indexOf(writer);
        at = named === -1 ? (at + 1) % bases.length : named;
      }
      return writer !== undefined || NOT_SENT.includes((error as { code?: string }).code ?? '');
    },
  };
}
