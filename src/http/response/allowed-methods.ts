/** What is needed of a route to tell its methods. */
export interface RouteLike {
  readonly method: string;
  readonly path: string;
}

/** The methods that a path takes, sorted, HEAD wherever GET is; none when there is no such path. */
export function allowedMethods(routes: readonly RouteLike[], pathname: string): string[] {
  const methods = new Set(routes.filter(({ path }) => matches(path, pathname)).map(({ method }) => method));
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

/** Whether a path is one of a pattern such as `/v1/jobs/:jobId`; a final slash counts for nothing. */
function matches(pattern: string, pathname: string): boolean {
  const wanted = pattern.replace(/\/$/, '').split('/');
  const given = pathname.replace(/\/$/, '').split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => (part.startsWith(':') ? given[index] !== '' : part === given[index]))
  );
}
