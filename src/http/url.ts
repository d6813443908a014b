/** The path and query of a request. Its Host header is left out of it: a client may put anything there. */
export function pathOf({ url }: Request): URL {
  const path = url.slice(url.indexOf('/', url.indexOf('//') + 2));
  return new URL(`http://localhost${path}`);
}
