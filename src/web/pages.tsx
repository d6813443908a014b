import type { VNode } from 'preact';
import { AccountPage } from './account/page.tsx';
import { ArrayPage } from './array/page.tsx';
import { ClustersPage } from './clusters/page.tsx';
import { EfficiencyPage } from './efficiency/page.tsx';
import { JobPage } from './job/page.tsx';
import { JobsPage } from './jobs/page.tsx';
import { NodePage } from './node/page.tsx';
import { NodesPage } from './nodes/page.tsx';
import { OverviewPage } from './overview/page.tsx';
import { QueuePage } from './queue/page.tsx';
import { UsagePage } from './usage/page.tsx';
import { UserPage } from './user/page.tsx';

/** A page, and the paths that it is shown at. */
interface PageRoute {
  readonly path: RegExp;
  readonly show: (...parts: string[]) => VNode;
}

/** Every page. The service answers these paths (src/http/routes/pages.ts) with the same document. */
export const PAGES: readonly PageRoute[] = [
  { path: /^$/, show: () => <OverviewPage /> },
  { path: /^jobs$/, show: () => <JobsPage /> },
  { path: /^jobs\/([^/]+)$/, show: (id) => <JobPage key={id} id={id} /> },
  { path: /^arrays\/([^/]+)$/, show: (id) => <ArrayPage key={id} id={id} /> },
  { path: /^clusters$/, show: () => <ClustersPage /> },
  { path: /^queue$/, show: () => <QueuePage /> },
  { path: /^nodes$/, show: () => <NodesPage /> },
  { path: /^nodes\/([^/]+)$/, show: (node) => <NodePage key={node} node={node} /> },
  { path: /^efficiency$/, show: () => <EfficiencyPage /> },
  { path: /^usage$/, show: () => <UsagePage /> },
  { path: /^users\/([^/]+)$/, show: (user) => <UserPage key={user} user={user} /> },
  { path: /^accounts\/([^/]+)$/, show: (account) => <AccountPage key={account} account={account} /> },
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
