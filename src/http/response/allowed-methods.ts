/** The part of an Elysia route that is needed here. */
export interface RouteLike {
  readonly method: string;
  readonly path: string;
}

/** Returns the methods of a path, sorted, with HEAD wherever GET is; empty for an unknown path. */
export function allowedMethods(routes: readonly RouteLike[], pathname: string): string[] {
  const methods = new Set(routes.filter(({ path }) => matches(path, pathname)).map(({ method }) => method));
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

/** Returns whether a path matches a pattern such as `/v1/jobs/:jobId`; a final slash is ignored. */
function matches(pattern: string, pathname: string): boolean {
  const wanted = pattern.replace(/\/$/, '').split('/');
  const given = pathname.replace(/\/$/, '').split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => (part.startsWith(':') ? given[index] !== '' : part === given[index]))
  );
}
