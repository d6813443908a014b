import { Elysia } from 'elysia';
import { LIST_NODES, renderNode } from '../../api/node-list.ts';
import type { LiveStore } from '../../domain/store/live.ts';
import { sendJson } from '../response/download.ts';
import { describe } from '../response/operation.ts';

interface NodeOptions {
  readonly store: Pick<LiveStore, 'nodeReports'>;
  readonly now: () => number;
}

/** Lists what agents say of their nodes. */
export const nodes = ({ store, now }: NodeOptions) =>
  new Elysia({ name: 'nodes', normalize: false }).get(
    LIST_NODES.path,
    () => sendJson(nodeParts(store, now())),
    { detail: describe(LIST_NODES) },
  );

/** Page by page, because the reports of 10,000 nodes are megabytes. */
async function* nodeParts(store: Pick<LiveStore, 'nodeReports'>, nowMs: number): AsyncGenerator<string> {
  yield '{"nodes":[';
  let comma = '';
  for await (const page of store.nodeReports()) {
    if (page.length === 0) continue;
    yield comma + page.map((received) => JSON.stringify(renderNode(received, nowMs))).join(',');
    comma = ',';
  }
  yield ']}';
}
