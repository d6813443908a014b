import type { VNode } from 'preact';
import { JobPage } from './job/page.tsx';
import { JobsPage } from './jobs/page.tsx';
import { NodesPage } from './nodes/page.tsx';
import { OverviewPage } from './overview/page.tsx';

/** A page, and the paths that it is shown at. */
interface PageRoute {
  readonly path: RegExp;
  readonly show: (...parts: string[]) => VNode;
}

/** Every page. The service answers these paths (src/http/routes/pages.ts) with the same document. */
export const PAGES: readonly PageRoute[] = [
  { path: /^$/, show: () => <OverviewPage /> },
  { path: /^nodes$/, show: () => <NodesPage /> },
  { path: /^jobs$/, show: () => <JobsPage /> },
  { path: /^jobs\/([^/]+)$/, show: (id) => <JobPage key={id} id={id} /> },
];

/** Returns what is shown at a path; undefined if it is no page. */
export function pageAt(path: string): VNode | undefined {
  for (const { path: pattern, show } of PAGES) {
    const match = pattern.exec(path);
    if (match) return show(...match.slice(1).map(decode));
  }
  return undefined;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
