import { Elysia } from 'elysia';
import {
  type ClusterListAnswer,
  type ClusterState,
  LIST_CLUSTERS,
  LIST_MERGED_JOBS,
  type MergedJobsAnswer,
} from '../../api/clusters.ts';
import { renderJob } from '../../api/job.ts';
import { DEFAULT_JOBS, REPEATABLE } from '../../api/job-list.ts';
import { type OverviewAnswer, renderOverview } from '../../api/overview.ts';
import type { Caller } from '../../domain/caller.ts';
import {
  type ClusterPage,
  type ListParameters,
  MAX_MERGED_JOBS,
  type Peer,
  Unreachable,
} from '../../domain/clusters/cluster.ts';
import { FIRST_PAGE, listMerged, type ReadPage } from '../../domain/clusters/list.ts';
import type { ClusterCursor, MergedJob } from '../../domain/clusters/merge.ts';
import { invalid } from '../../domain/errors.ts';
import type { Overviews } from '../../domain/overview/keeper.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { callerContext, sightOf, viewOf } from '../request/caller.ts';
import { readListRequest } from '../request/job-list.ts';
import { readJobPage } from '../request/job-page.ts';
import { readMergedCursor, writeMergedCursor } from '../request/merged-cursor.ts';
import { readQuery } from '../request/query.ts';
import { sendJson } from '../response/download.ts';
import { listParts } from '../response/list-parts.ts';
import { describe } from '../response/operation.ts';

export interface ClusterOptions {
  readonly store: ViewStore;
  readonly overviews: Pick<Overviews, 'of'>;
  readonly now: () => number;
  readonly peers: readonly Peer<OverviewAnswer>[];
  /** The name of this cluster. */
  readonly ownName: () => string;
}

const PARAMETERS = (LIST_MERGED_JOBS.parameters ?? []).map(({ name }) => name);
/** Those that mean something to this service only. */
const OWN_PARAMETERS = ['cluster', 'limit', 'cursor'];

/** Serves this cluster and its peers side by side. */
export const clusters = (options: ClusterOptions) =>
  new Elysia({ name: 'clusters', normalize: false })
    .use(callerContext)
    .get(LIST_CLUSTERS.path, ({ caller, request }) => listClusters(options, caller, request.signal), {
      detail: describe(LIST_CLUSTERS),
    })
    .get(LIST_MERGED_JOBS.path, ({ caller, request }) => listJobs(options, caller, request), {
      detail: describe(LIST_MERGED_JOBS),
    });

async function listClusters(
  { overviews, peers, ownName }: ClusterOptions,
  caller: Caller,
  signal: AbortSignal,
): Promise<ClusterListAnswer> {
  const own = { name: ownName(), ...stateOf(renderOverview(await overviews.of(sightOf(caller)))) };
  const others = peers.map(async (peer): Promise<ClusterState> => {
    const head = { name: peer.name, url: peer.url };
    try {
      return { ...head, ...stateOf(await peer.readOverview(nameOf(caller), signal)) };
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      return { ...head, error: error.message };
    }
  });
  return { clusters: [own, ...(await Promise.all(others))] };
}

const stateOf = ({ running, pending, cpus, gpus, nodes }: OverviewAnswer) => ({
  ...{ running, pending, cpus, gpus },
  nodes: nodes.total,
});

/** For whom a peer reads; undefined for somebody without a name, who asks an open service. */
const nameOf = ({ identity }: Caller): string | undefined =>
  identity?.proof === 'open' ? undefined : identity?.name;

async function listJobs(options: ClusterOptions, caller: Caller, request: Request): Promise<Response> {
  const { peers, ownName, now } = options;
  const query = readQuery(request, PARAMETERS, REPEATABLE);
  const limit = query.integer('limit', { min: 1, max: MAX_MERGED_JOBS, otherwise: DEFAULT_JOBS });
  const cursor = query.text('cursor', 65_536);
  const names = [ownName(), ...peers.map(({ name }) => name)];
  const chosen = query.choices('cluster', names) ?? names;
  const from: ReadonlyMap<string, ClusterCursor> =
    cursor === undefined ? new Map(chosen.map((name) => [name, FIRST_PAGE])) : readMergedCursor(cursor);
  const parameters = new URLSearchParams(new URL(request.url).searchParams);
  for (const name of OWN_PARAMETERS) parameters.delete(name);
  // Faults of the parameters are told by this service, whatever its peers say.
  const { start } = readListRequest(requestOf(parameters), now());
  const readers = new Map<string, ReadPage>([
    [ownName(), (place) => readOwn(options, caller, { parameters, place, request })],
    ...peers.map((peer): [string, ReadPage] => [
      peer.name,
      (place) => peer.listJobs(parametersOf(parameters, place), nameOf(caller), request.signal),
    ]),
  ]);
  for (const name of from.keys())
    if (!readers.has(name)) throw invalid('cursor names a cluster that is no longer known; start again.');
  const {
    jobs,
    clusters: found,
    next,
  } = await listMerged(readers, {
    ...{ order: start.order, limit, nowMs: start.nowMs, from },
  });
  const urls = new Map(peers.map(({ name, url }) => [name, url]));
  const render = ({ cluster, job }: MergedJob): MergedJobsAnswer['jobs'][number] => {
    const url = urls.get(cluster);
    const page = url !== undefined && { url: `${url}/jobs/${encodeURIComponent(job.id)}` };
    return { cluster, ...page, job: renderJob(job) };
  };
  const rest: Omit<MergedJobsAnswer, 'jobs'> = {
    clusters: found.map((one) => {
      const url = urls.get(one.name);
      return { ...one, ...(url !== undefined && { url }) };
    }),
    limit,
    ...(next.size > 0 && { next_cursor: writeMergedCursor(next) }),
  };
  return sendJson(listParts('jobs', jobs.values().map(render), rest));
}

/** A request of `GET /v1/jobs` with these parameters. */
const requestOf = (parameters: URLSearchParams): Request => new Request(`http://localhost/?${parameters}`);

type Place = Parameters<ReadPage>[0];

function withPlace(parameters: URLSearchParams, { cursor, limit }: Place): URLSearchParams {
  const all = new URLSearchParams(parameters);
  all.set('limit', String(limit));
  if (cursor !== '') all.set('cursor', cursor);
  return all;
}

function parametersOf(parameters: URLSearchParams, place: Place): ListParameters {
  const all = withPlace(parameters, place);
  return Object.fromEntries([...new Set(all.keys())].map((name) => [name, all.getAll(name)]));
}

function readOwn(
  { store, now }: ClusterOptions,
  caller: Caller,
  { parameters, place, request }: { parameters: URLSearchParams; place: Place; request: Request },
): Promise<ClusterPage> {
  const wanted = readListRequest(requestOf(withPlace(parameters, place)), now());
  return readJobPage(viewOf(store, caller), wanted, place.limit, request.signal);
}
