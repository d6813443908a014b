/** Returns the path and query of a request under a fixed host, because a client may send any Host header. */
export function pathOf({ url }: Request): URL {
  const path = url.slice(url.indexOf('/', url.indexOf('//') + 2));
  return new URL(`http://localhost${path}`);
}
