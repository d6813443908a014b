import { sessionCookie } from '../../src/access/cookie.ts';
import { identifier } from '../../src/access/identify.ts';
import { refusalLinks } from '../../src/access/refusal-link.ts';
import { createSessions } from '../../src/access/session.ts';
import { tokenRegistry } from '../../src/access/token.ts';
import type { Way } from '../../src/access/way.ts';
import { EVENT_STREAM } from '../../src/api/live.ts';
import type { Reception } from '../../src/api/whoami.ts';
import { ANYBODY } from '../../src/domain/caller.ts';
import type { Thresholds } from '../../src/domain/finding/thresholds.ts';
import type { IngestSource } from '../../src/domain/foreign/series.ts';
import { expandLists } from '../../src/domain/nodelist.ts';
import type { SchedulerNodes } from '../../src/domain/nodes/scheduler-node.ts';
import type { Following } from '../../src/domain/overview/freshness.ts';
import { overviewKeeper } from '../../src/domain/overview/keeper.ts';
import { queueKeeper } from '../../src/domain/queue-keeper.ts';
import type { Report, Source } from '../../src/domain/report.ts';
import { callerOf, type RoleRules } from '../../src/domain/role.ts';
import type { SignInProvider } from '../../src/domain/sign-in.ts';
import { LOCAL_SITE, type Site } from '../../src/domain/site.ts';
import type { AccessStore } from '../../src/domain/store/access.ts';
import type { Store } from '../../src/domain/store/store.ts';
import { MAX_UNSEALED_SAMPLES } from '../../src/domain/unsealed.ts';
import { type AppOptions, createApp } from '../../src/http/app.ts';
import { readResource } from '../../src/ingest/otlp.ts';
import { createReceiver } from '../../src/ingest/receiver.ts';
import { joinPieces } from '../../src/metrics/exposition.ts';
import { renderJobs } from '../../src/metrics/jobs.ts';
import { loadRemoteWrite } from '../../src/service/ingest.ts';
import { createLive } from '../../src/service/live.ts';
import { clusterNodes } from '../../src/service/nodes.ts';
import { loadPages } from '../../src/service/web.ts';
import { readHookCall } from '../../src/slurm/hooks/event.ts';
import { parseJobCompletion } from '../../src/slurm/records/jobcomp.ts';
import { fixedClock } from './clock.ts';
import { temporaryFolder } from './folder.ts';
import { openStore } from './store.ts';

/** Users named root are administrators on the machine, and others see their own jobs. */
const RULES: RoleRules = {
  admins: [],
  viewers: [],
  ingesters: [],
  machineAdmins: ['root'],
  seesOwnOnly: true,
};

/** A service without a file of policies. */
export const NO_POLICIES: AppOptions['policies'] = {
  all: () => [],
  mayAct: false,
  attempt: async () => ({ policies: [], isPartial: false }),
};

const RECEPTION: Reception = { cluster: 'alpha', ways: [{ way: 'munge', state: 'on' }] };

/** Returns the sessions that a store has, and what the app needs of them. */
export async function accessTo(store: AccessStore, now: () => number, reception = RECEPTION) {
  const cookie = sessionCookie({ isSecure: false, basePath: '' });
  const { sessions: loaded } = await store.loadAccess(now());
  const { way, sessions } = createSessions({ store, loaded, cookie, now });
  const options: AppOptions['access'] = {
    identify: () => ANYBODY,
    policy: { health: 'anyone', metrics: 'viewers' },
    sessions,
    describeReception: () => reception,
  };
  return { options, way };
}

/** What the routes for Slurm need. */
export const slurmParts = (store: Store) => ({
  recordReports: (_: Source, reports: readonly Report[]) => store.applyReports(reports),
  parseCompletion: parseJobCompletion,
  expandLists: (lists: readonly string[]) => expandLists(lists),
  readHookCall,
});

/** What the routes of nodes need. */
export const nodeParts = (store: Store, now: () => number, scheduler?: SchedulerNodes) => ({
  read: clusterNodes({ store, now, readScheduler: () => scheduler }),
  scheduler: () => scheduler,
});

type Count = (source: IngestSource, result: string, count: number) => void;

/** What the routes for other exporters need, and the receiver behind them. */
export function ingestParts(store: Store, now: () => number, count: Count = () => {}) {
  const receiver = createReceiver({ store, now, countValues: count, countSamples: count });
  const routes = { readRemoteWrite: loadRemoteWrite(), readResource, receive: receiver.receive };
  return { receiver, routes };
}

interface ServiceOptions {
  readonly maxBodyBytes?: number;
  readonly endedSeriesMs?: number;
  readonly maxSeries?: number;
  readonly maxUnsealedSamples?: number | undefined;
  readonly namesRequests?: boolean;
  /** By default everybody may do everything. */
  readonly identify?: AppOptions['access']['identify'];
  /** Ways to be known beside tokens and sessions, instead of `identify`. */
  readonly ways?: readonly Way[];
  /** What GET /v1/whoami says about the service. */
  readonly reception?: Reception | undefined;
  readonly site?: Site;
  readonly refuse?: AppOptions['access']['refuse'];
  readonly asks?: AppOptions['asks'];
  readonly policies?: AppOptions['policies'];
  /** At which people sign in. */
  readonly provider?: SignInProvider;
  /** By which findings judge. */
  readonly thresholds?: Thresholds;
  /** How often watchers get changes, and a sign that they are still connected. */
  readonly liveTimes?: { readonly tellMs?: number; readonly beatMs?: number };
  /** What is known of Slurm's programs; nothing by default. */
  readonly following?: Following;
  /** What the scheduler says of nodes. */
  readonly scheduler?: SchedulerNodes;
}

/** Reads an answer to its end; of a stream of events, which has none, only the first. */
async function readAll(response: Response): Promise<string> {
  if (response.headers.get('content-type') !== EVENT_STREAM || !response.body) return response.text();
  const reader = response.body.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}

/**
 * The whole service without a socket: a real store in a
 * folder of its own, a fixed clock, and the log as a list.
 */
export async function startService({
  maxBodyBytes = 1024 * 1024,
  endedSeriesMs = 60_000,
  maxSeries = 200_000,
  namesRequests = false,
  maxUnsealedSamples = MAX_UNSEALED_SAMPLES,
  identify,
  ways,
  reception,
  site = LOCAL_SITE,
  refuse,
  provider,
  thresholds,
  liveTimes = {},
  scheduler,
  following,
  asks,
  policies = NO_POLICIES,
}: ServiceOptions = {}) {
  const folder = temporaryFolder();
  const clock = fixedClock();
  const store = await openStore(folder.file('test.db'), { maxUnsealedSamples });
  const tokens = tokenRegistry({ stored: [], store, now: clock.now });
  const logged: { event: string; fields: Record<string, unknown> }[] = [];
  const write = (event: string, fields: Record<string, unknown>) => void logged.push({ event, fields });
  const { options, way } = await accessTo(store, clock.now, reception);
  const byRules = identifier({
    ways: [tokens.way, way, ...(ways ?? [])],
    callerOf: (identity) => callerOf(identity, RULES, { groups: [], accounts: [] }),
  });
  const byWays: AppOptions['access']['identify'] = (request, _, pathToken) =>
    byRules({ request, peer: undefined, pathToken });
  const ingested: Record<string, number> = {};
  const ingest = ingestParts(store, clock.now, (source, result, count) => {
    ingested[`${source} ${result}`] = (ingested[`${source} ${result}`] ?? 0) + count;
  });
  const live = createLive({
    store,
    version: '1.0.0',
    log: { warn: (event, fields = {}) => write(event, fields) },
    ...liveTimes,
  });
  const requests: { method: string; route: string; status: number }[] = [];
  const nodes = nodeParts(store, clock.now, scheduler);
  const overviews = overviewKeeper({
    store,
    now: clock.now,
    readNodes: nodes.read,
    following: () => following,
  });
  const app = createApp({
    loadPages,
    store,
    overviews,
    queues: queueKeeper({ store, now: clock.now }),
    access: {
      ...options,
      identify: identify ?? (ways ? byWays : options.identify),
      ...(refuse && { refuse }),
    },
    site,
    provider,
    tokens,
    now: clock.now,
    log: { error: write, warn: write, debug: () => {} },
    version: '1.0.0',
    metrics: {
      render: async () =>
        joinPieces(await renderJobs(store, { nowMs: clock.now(), endedSeriesMs, maxSeries })),
      namesRequests,
      observeRequest: (method, route, status) => void requests.push({ method, route, status }),
    },
    maxBodyBytes,
    ...(thresholds && { thresholds }),
    slurm: slurmParts(store),
    nodes,
    asks,
    ingest: ingest.routes,
    live,
    policies,
    refusalLinks: refusalLinks(await store.readLinkSecret()),
  });

  /** Sends one request; a body that is no string is sent as JSON. */
  async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const hasBody = body !== undefined;
    const response = await app.handle(
      new Request(`http://localhost${path}`, {
        method,
        headers: { ...(hasBody && { 'content-type': 'application/json' }), ...headers },
        ...(hasBody && {
          body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
        }),
      }),
    );
    const text = await readAll(response);
    const isJson = text !== '' && (response.headers.get('content-type') ?? '').startsWith('application/json');
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
  }

  return {
    app,
    /** Everybody may do everything. */
    access: options,
    store,
    overviews,
    tokens,
    clock,
    logged,
    /** What became of values and samples of other exporters, by source and result. */
    ingested,
    ingest: ingest.receiver,
    requests,
    live,
    send,
    async [Symbol.asyncDispose]() {
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}
