import { Elysia } from 'elysia';
import { MEDIA_TYPE } from '../../api/media-type.ts';
import { GET_NODE, MAX_PAST_JOBS, MAX_RUNNING_JOBS, renderNodeDetail } from '../../api/node.ts';
import { LIST_NODES, renderNode, renderNodeList } from '../../api/node-list.ts';
import type { Caller, Sight } from '../../domain/caller.ts';
import { nodeNotFound } from '../../domain/errors.ts';
import type { ClusterNodes, ReadClusterNodes } from '../../domain/nodes/cluster-nodes.ts';
import type { NodeJob } from '../../domain/nodes/node-job.ts';
import { nodeCollector } from '../../domain/nodes/node-now.ts';
import type { SchedulerNodes } from '../../domain/nodes/scheduler-node.ts';
import { isSeen } from '../../domain/sight.ts';
import type { LiveStore } from '../../domain/store/live.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { startPace } from '../../pace.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { sendJson } from '../response/download.ts';
import { describe } from '../response/operation.ts';
import { type SharedText, sendSharedText } from '../response/shared-text.ts';

/** Nodes of a part of the text, which takes well under a millisecond to render. */
const PART_NODES = 50;

export interface NodeOptions {
  readonly store: ViewStore & Pick<LiveStore, 'nodeReport' | 'nodeJobs'>;
  readonly nodes: {
    readonly read: ReadClusterNodes;
    /** What the scheduler said last; undefined where there is none. */
    readonly scheduler: () => SchedulerNodes | undefined;
  };
  readonly now: () => number;
}

/** Serves the nodes, and single ones. */
export const nodes = ({ store, nodes: { read, scheduler }, now }: NodeOptions) => {
  /** Those who see all jobs share the text. */
  let shared: { readonly of: ClusterNodes; readonly text: Promise<SharedText> } | undefined;

  async function list({ sight }: Caller, request: Request): Promise<Response> {
    const cluster = await read();
    if (sight !== 'all') return sendJson(listParts(cluster, sight!));
    if (shared?.of !== cluster) shared = { of: cluster, text: renderAll(cluster) };
    return sendSharedText(await shared.text, request, MEDIA_TYPE.json);
  }

  return new Elysia({ name: 'nodes', normalize: false })
    .use(callerContext)
    .get(LIST_NODES.path, ({ caller, request }) => list(caller, request), {
      detail: describe(LIST_NODES),
    })
    .get(
      GET_NODE.path,
      async ({ params: { node }, caller, request }) =>
        renderNodeDetail(
          await readNode(
            { store, scheduler: scheduler(), timeMs: now() },
            { node, caller, signal: request.signal },
          ),
        ),
      { detail: describe(GET_NODE) },
    );
};

async function renderAll(cluster: ClusterNodes): Promise<SharedText> {
  const parts: string[] = [];
  const pace = startPace('background');
  for await (const part of listParts(cluster, 'all')) {
    parts.push(part);
    if (pace.isDue()) await pace.rest();
  }
  return { text: Buffer.from(parts.join('')) };
}

/** In parts, because 10,000 nodes are megabytes. */
async function* listParts(cluster: ClusterNodes, sight: Sight): AsyncGenerator<string> {
  yield `${JSON.stringify(renderNodeList(cluster)).slice(0, -1)},"nodes":[`;
  for (let at = 0; at < cluster.nodes.length; at += PART_NODES) {
    const part = cluster.nodes.slice(at, at + PART_NODES);
    const texts = part.map((node) => JSON.stringify(renderNode(node, (job) => isSeen(sight, job))));
    yield `${at > 0 ? ',' : ''}${texts.join(',')}`;
  }
  yield ']}';
}

interface Sources {
  readonly store: NodeOptions['store'];
  readonly scheduler: SchedulerNodes | undefined;
  readonly timeMs: number;
}

interface Wanted {
  readonly node: string;
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

async function readNode({ store, scheduler, timeMs }: Sources, { node, caller, signal }: Wanted) {
  const known = scheduler?.nodes.get(node);
  const collector = nodeCollector(timeMs, known && { timeMs, nodes: new Map([[node, known]]) });
  const jobs: NodeJob[] = [];
  for await (const page of store.nodeJobs(node)) {
    for (const job of page) {
      collector.addJob(job);
      if (jobs.length < MAX_RUNNING_JOBS && isSeen(caller.sight!, job)) jobs.push(job);
    }
  }
  const received = await store.nodeReport(node);
  if (received) collector.addReport(received);
  const { jobs: pastJobs } = await viewOf(store, caller).listJobs(
    { node: [node], state: ['completed', 'failed', 'cancelled'] },
    { limit: MAX_PAST_JOBS },
    signal,
  );
  if (pastJobs.length > 0) collector.addNode(node);
  const [now] = collector.nodes();
  if (!now) throw nodeNotFound(node);
  return { now, timeMs, schedulerTimeMs: scheduler?.timeMs, received, jobs, pastJobs };
}
