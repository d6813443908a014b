/** Returns the path and query of a request under a fixed host, because a client may send any Host header. */
export function pathOf({ url }: Request): URL {
  const path = url.slice(url.indexOf('/', url.indexOf('//') + 2));
  return new URL(`http://localhost${path}`);
}

/** Returns the path of a request for messages and the log: what may be a token in it is left out. */
export const shownPathOf = (request: Request): string =>
  pathOf(request)
    .pathname.replace(/(\/jobcomp\/).+/i, '$1…')
    .replace(/(hpos?_)[^/]*/gi, '$1…');

/** Returns the pattern of a route without the base path under which it may be served too. */
export const withoutBase = (route: string, basePath: string): string =>
  basePath !== '' && route.startsWith(`${basePath}/`) ? route.slice(basePath.length) : route;
