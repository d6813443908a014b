import { signal } from '@preact/signals';

/** Where the reader is: a path below the base, without a slash at its start, and parameters. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const base = new URL(document.baseURI);

/** The place of the address bar. Changes with links, `go`, and the reader's back and forward. */
export const place = signal(readPlace(location.href));

function readPlace(href: string): Place {
  const { pathname, searchParams } = new URL(href);
  // Not decoded, so that a slash in a name differs from one of the path: `jobs/a%2Fb`.
  return { path: pathname.slice(base.pathname.length).replace(/\/+$/, ''), query: searchParams };
}

/** Returns the address of a path of the pages, with the parameters that have a value. */
export function addressOf(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1]);
  const text = new URLSearchParams(given).toString();
  return `${base.pathname}${path}${text === '' ? '' : `?${text}`}`;
}

const addressIn = (folder: string, name: string): string =>
  addressOf(`${folder}/${encodeURIComponent(name)}`);

/** Return the addresses of the pages of one thing. */
export const jobAddress = (id: string): string => addressIn('jobs', id);
export const arrayAddress = (id: string): string => addressIn('arrays', id);
export const nodeAddress = (node: string): string => addressIn('nodes', node);
export const userAddress = (user: string): string => addressIn('users', user);
export const accountAddress = (account: string): string => addressIn('accounts', account);

/** Goes to an address of the pages. `replace` leaves no entry for the reader's way back. */
export function go(address: string, { replace = false } = {}): void {
  if (replace) history.replaceState(history.state, '', address);
  else history.pushState(null, '', address);
  place.value = readPlace(location.href);
  if (!replace) scrollTo(0, 0);
}

/** Follows links of the pages without loading them anew. `isPage` tells pages from other addresses. */
export function startRouter(isPage: (path: string) => boolean): void {
  addEventListener('popstate', () => {
    place.value = readPlace(location.href);
  });
  addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || event.defaultPrevented || event.button !== 0 || link.target || link.download) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== base.origin || !link.pathname.startsWith(base.pathname)) return;
    if (!isPage(readPlace(link.href).path)) return;
    event.preventDefault();
    go(link.href);
  });
}
