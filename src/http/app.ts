import { type AnyElysia, Elysia } from 'elysia';
import { RECEIVE_COMPLETION, RECEIVE_COMPLETION_BY_TOKEN } from '../api/completion.ts';
import { REFUSE_DIGEST } from '../api/digest.ts';
import { JUDGE_ANEW } from '../api/finding.ts';
import { RECEIVE_OTLP, RECEIVE_OTLP_METRICS, RECEIVE_REMOTE_WRITE } from '../api/ingest.ts';
import { CREATE_JOBS } from '../api/past-job.ts';
import { RECORD_SAMPLES } from '../api/sample-batch.ts';
import { CREATE_LINK, START_SESSION } from '../api/session.ts';
import type { Reception } from '../api/whoami.ts';
import type { AccessPolicy } from '../domain/access.ts';
import type { Thresholds } from '../domain/finding/thresholds.ts';
import type { Overviews } from '../domain/overview/keeper.ts';
import type { RefusalLinks } from '../domain/policy/refusal-link.ts';
import type { Queues } from '../domain/queue-keeper.ts';
import type { Sessions } from '../domain/session.ts';
import type { SignInProvider } from '../domain/sign-in.ts';
import { LOCAL_SITE, type Site } from '../domain/site.ts';
import type { SlurmAsks } from '../domain/slurm-asks.ts';
import type { AccessStore } from '../domain/store/access.ts';
import type { DutyStore } from '../domain/store/duty.ts';
import type { HistoryStore } from '../domain/store/history.ts';
import type { JobStore } from '../domain/store/jobs.ts';
import type { LiveStore } from '../domain/store/live.ts';
import type { PolicyStore } from '../domain/store/policies.ts';
import type { SampleStore } from '../domain/store/samples.ts';
import type { Upkeep } from '../domain/store/upkeep.ts';
import type { ViewStore } from '../domain/store/view.ts';
import type { Tokens } from '../domain/token.ts';
import { body } from './request/body.ts';
import { access, type Identify } from './request/caller.ts';
import { cors } from './request/cors.ts';
import { percentEncoding } from './request/percent-encoding.ts';
import { site } from './request/site.ts';
import type { RouteLike } from './response/allowed-methods.ts';
import { type ErrorLog, errors, type Refuse } from './response/errors.ts';
import { retirement } from './response/retirement.ts';
import { type ObserveRequest, timing } from './response/timing.ts';
import { arrays } from './routes/arrays.ts';
import { audit } from './routes/audit.ts';
import { batches } from './routes/batches.ts';
import { type ClusterOptions, clusters } from './routes/clusters.ts';
import { type CompletionOptions, completions } from './routes/completions.ts';
import { DOCUMENTATION_ACCESS, documentation } from './routes/documentation.ts';
import { type FindingOptions, findings } from './routes/findings.ts';
import { health } from './routes/health.ts';
import { heatMaps } from './routes/heat-maps.ts';
import { type HookOptions, hooks } from './routes/hook-events.ts';
import { type Ingest, ingests } from './routes/ingests.ts';
import { events } from './routes/job-events.ts';
import { jobs } from './routes/jobs.ts';
import { changes, type Live } from './routes/live.ts';
import { scrapes } from './routes/metrics.ts';
import { names } from './routes/names.ts';
import { nodeUsage } from './routes/node-usage.ts';
import { type NodeOptions, nodes } from './routes/nodes.ts';
import { DIGEST_ACCESS, digestPage, notices } from './routes/notices.ts';
import { OIDC_ACCESS, oidc } from './routes/oidc.ts';
import { overview } from './routes/overview.ts';
import { PAGES_ACCESS, type Pages, pages } from './routes/pages.ts';
import { type Policies, policyRoutes } from './routes/policies.ts';
import { qualities } from './routes/qualities.ts';
import { queue } from './routes/queue.ts';
import { runs } from './routes/runs.ts';
import { samples } from './routes/samples.ts';
import { SIGN_IN_ACCESS, sessions, signIn } from './routes/sessions.ts';
import { sizings } from './routes/sizings.ts';
import { slurmAsks } from './routes/slurm-asks.ts';
import { sparklines } from './routes/sparklines.ts';
import { summaries } from './routes/summaries.ts';
import { tallies } from './routes/tallies.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { waste } from './routes/waste.ts';
import { whoami } from './routes/whoami.ts';

export interface AppOptions {
  readonly store: JobStore &
    SampleStore &
    ViewStore &
    Pick<AccessStore, 'listAudit'> &
    Pick<LiveStore, 'nodeReports' | 'nodeReport' | 'nodeJobs'> &
    Pick<HistoryStore, 'readHistory'> &
    Pick<PolicyStore, 'listNotices' | 'listActs' | 'listDigestRefusals' | 'saveDigestWish'> &
    Pick<Upkeep, 'checkWritable' | 'judgeAnew'> &
    Pick<DutyStore, 'duty' | 'isShared' | 'writerUrl'>;
  readonly overviews: Pick<Overviews, 'of'>;
  readonly queues: Pick<Queues, 'of'>;
  readonly access: {
    readonly identify: Identify;
    readonly policy: AccessPolicy;
    readonly refuse?: Refuse;
    readonly sessions: Sessions;
    readonly describeReception: () => Reception;
    /** The name of a user of this machine by its number; nobody's if left out. */
    readonly nameOfUser?: FindingOptions['nameOfUser'];
  };
  /** How the listener is reached; by default from its own machine only. */
  readonly site?: Site;
  /** At which people sign in, where the site has one. */
  readonly provider?: SignInProvider | undefined;
  /** Whether clients shall open new connections; never if left out. */
  readonly isRetired?: () => boolean;
  readonly tokens: Tokens;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: ErrorLog;
  readonly version: string;
  readonly policies: Policies;
  readonly refusalLinks: RefusalLinks;
  /** By which findings judge; the defaults if left out. */
  readonly thresholds?: Thresholds;
  /** Largest body of a single write. */
  readonly maxBodyBytes: number;
  /** Loads the pages. */
  readonly loadPages: () => Promise<Pages>;
  readonly slurm: CompletionOptions & Omit<HookOptions, 'now'>;
  readonly nodes: NodeOptions['nodes'];
  /** Other clusters that are shown beside this one; none if left out. */
  readonly peers?: ClusterOptions['peers'];
  /** Undefined if Slurm is not followed. */
  readonly asks?: SlurmAsks | undefined;
  readonly ingest: Ingest;
  /** One for the apps of all listeners. */
  readonly live: Live;
  readonly metrics: {
    /** Renders all of /metrics, as UTF-8. */
    readonly render: () => Promise<Uint8Array<ArrayBuffer>>;
    readonly observeRequest: ObserveRequest;
    /** Whether every request has an id; otherwise only those that bring one, and those that fail. */
    readonly namesRequests?: boolean;
  };
}

/** Creates the app with all its routes, for a server or for `handle` in a test. */
export function createApp({
  store,
  overviews,
  queues,
  access: { identify, policy, refuse, nameOfUser, ...entry },
  site: where = LOCAL_SITE,
  provider,
  isRetired,
  tokens,
  now,
  log,
  version,
  policies,
  refusalLinks,
  thresholds,
  maxBodyBytes,
  loadPages,
  slurm,
  nodes: clusterNodes,
  peers = [],
  asks,
  ingest,
  live,
  metrics,
}: AppOptions) {
  // Not one chain: the type of each `use` contains those before, which the compiler bears only so far.
  const nouns: readonly AnyElysia[] = [
    health({ store, now, version }),
    jobs({ store, now }),
    names({ store }),
    samples({ store, now }),
    sparklines({ store }),
    summaries({ store }),
    overview({ store, overviews, now }),
    queue({ queues }),
    clusters({ store, overviews, now, peers, ownName: () => entry.describeReception().cluster ?? 'here' }),
    arrays({ store, now, ...(thresholds && { thresholds }) }),
    heatMaps({ store }),
    qualities({ store, now }),
    findings({ store, now, nameOfUser, ...(thresholds && { thresholds }) }),
    sizings({ store, ...(thresholds && { thresholds }) }),
    nodes({ store, nodes: clusterNodes, now }),
    nodeUsage({ store, now }),
    slurmAsks({ store, asks }),
    tallies({ store, now }),
    waste({ store, now }),
    notices({ store, links: refusalLinks, now }),
    policyRoutes({ store, policies, now }),
    runs({ store }),
    events({ store }),
    batches({ store, now }),
    ingests({ store, ingest }),
    completions(slurm),
    hooks({ ...slurm, now }),
    whoami(entry),
    sessions({ ...entry, site: where }),
    tokenRoutes({ tokens }),
    audit({ store }),
    changes({ live, identify, policy, isRetired }),
    scrapes({ render: metrics.render }),
  ];
  const api: AnyElysia = new Elysia({ normalize: false });
  for (const noun of nouns) api.use(noun);
  const forBrowsers = new Elysia({ normalize: false })
    .use(pages({ load: loadPages, site: where }))
    .use(signIn({ ...entry, site: where }))
    .use(digestPage({ links: refusalLinks }))
    .use(provider ? oidc({ provider, sessions: entry.sessions, site: where, now }) : new Elysia())
    .use(documentation({ api, version, site: where }));
  const routes = (): readonly RouteLike[] => app.routes;
  const app = new Elysia({ normalize: false })
    // Browsers must not guess the type of an answer, and no cache may show it to another caller.
    .headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
    .use(
      timing({
        observeRequest: metrics.observeRequest,
        namesRequests: metrics.namesRequests ?? false,
        basePath: where.basePath,
      }),
    )
    .use(errors({ log, refuse, routes }))
    .use(isRetired ? retirement(isRetired) : new Elysia())
    .use(site(where))
    .use(where.otherOrigins.size > 0 ? cors(where.otherOrigins) : new Elysia())
    .use(percentEncoding())
    .use(
      access({
        identify,
        policy,
        sessions: entry.sessions,
        others: new Map([
          ...DOCUMENTATION_ACCESS,
          ...SIGN_IN_ACCESS,
          ...OIDC_ACCESS,
          ...PAGES_ACCESS,
          ...DIGEST_ACCESS,
        ]),
        basePath: where.basePath,
        duties: store,
      }),
    )
    .use(
      body({
        maxBytes: maxBodyBytes,
        batchRoutes: [
          RECORD_SAMPLES.path,
          CREATE_JOBS.path,
          RECEIVE_COMPLETION.path,
          RECEIVE_COMPLETION_BY_TOKEN.path,
          RECEIVE_OTLP.path,
          RECEIVE_OTLP_METRICS.path,
        ],
        otherRoutes: [RECEIVE_REMOTE_WRITE.path],
        bodilessRoutes: [START_SESSION.path, CREATE_LINK.path, JUDGE_ANEW.path, REFUSE_DIGEST.path],
        basePath: where.basePath,
      }),
    )
    .use(api)
    .use(forBrowsers);
  // Some proxies send the whole path and some cut its beginning off, so that both are served.
  if (where.basePath !== '')
    app.use(new Elysia({ prefix: where.basePath, normalize: false }).use(api).use(forBrowsers));
  return app;
}
