/** Says in a Content-Security-Policy which origins may show the pages in a frame. */
export const frameDirective = (ancestors: readonly string[]): string =>
  `frame-ancestors ${ancestors.length === 0 ? "'none'" : ancestors.join(' ')}`;

/** The older header for the same, which can name nobody: browsers that know the directive need none. */
export const frameOption = (ancestors: readonly string[]): string | undefined =>
  ancestors.length === 0 ? 'DENY' : undefined;
