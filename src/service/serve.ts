import { version } from '../../package.json';
import { sessionCookie } from '../access/cookie.ts';
import { refusalLinks } from '../access/refusal-link.ts';
import { createSessions } from '../access/session.ts';
import type { Duty } from '../domain/duty.ts';
import { thresholdsOf } from '../domain/finding/thresholds.ts';
import { expandLists } from '../domain/nodelist.ts';
import { overviewKeeper } from '../domain/overview/keeper.ts';
import type { PolicyFile } from '../domain/policy/policy.ts';
import { queueKeeper } from '../domain/queue-keeper.ts';
import { type AppOptions, createApp } from '../http/app.ts';
import type { Log } from '../log.ts';
import { locateDatabase, locateReads } from '../settings/database.ts';
import { describeListener } from '../settings/listener.ts';
import { chooseLogFormat } from '../settings/load.ts';
import type { ServiceConfig } from '../settings/table.ts';
import { slurmAsks } from '../slurm/follow/asks.ts';
import type { SlurmNodes } from '../slurm/follow/nodes.ts';
import { readHookCall } from '../slurm/hooks/event.ts';
import { parseJobCompletion } from '../slurm/records/jobcomp.ts';
import { accessPart } from './access.ts';
import { readCertificate } from './certificate.ts';
import { dutyPart } from './duty.ts';
import { findingPart } from './findings.ts';
import { httpPart } from './http.ts';
import { ingestPart } from './ingest.ts';
import { certificateFilesOf, placesOf } from './listeners.ts';
import { createLive, livePart } from './live.ts';
import { createMetrics } from './metrics.ts';
import { clusterNodes } from './nodes.ts';
import { findProvider } from './oidc.ts';
import { overviewPart } from './overview.ts';
import { type Parts, partsOf } from './parts.ts';
import { createPeers } from './peers.ts';
import { loadPolicies, mayAct, policyPart, policyTrial } from './policies/part.ts';
import { planPush, pushPart } from './push.ts';
import { queuePart } from './queue.ts';
import { retentionPart } from './retention.ts';
import { sharedAccessPart } from './shared-access.ts';
import { basePathOf, findNames, outsideUrl, siteOf } from './site.ts';
import { findSlurm, reportRecorder, slurmNodesPart, slurmPart } from './slurm.ts';
import { roundMs, storePart } from './store.ts';
import { tlsPart } from './tls.ts';
import { tokenPart } from './tokens.ts';
import { loadPages } from './web.ts';

interface ServiceOptions {
  readonly config: ServiceConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Service {
  /** Where it listens, in the order of the settings: URLs, and `unix:PATH`. */
  readonly places: readonly string[];
  /** Whether it stores what arrives, for the start message; undefined if no other service may. */
  readonly duty: Duty | undefined;
  /** Who may do what, for the start message. */
  readonly access: string;
  /** Whether MUNGE proves callers of other machines, for the start message. */
  readonly munge: string;
  /** Whether Slurm is followed, for the start message. */
  readonly slurm: string;
  /** Resolves if the store fails for good, so that the service must end. */
  readonly died: Promise<void>;
  /** Reads the files of TLS and of policies again; what is wrong stays as it was. */
  reload(): void;
  /** Stops all parts. */
  stop(): Promise<void>;
}

/**
 * Starts the parts of the service, in the order of this function; they stop in reverse: first what makes
 * writes of its own (demo, retention, slurm), then the requests, and last the store. Rejects with
 * OperatorError if one cannot start.
 */
export async function startService({ config, env, log, now }: ServiceOptions): Promise<Service> {
  // Before anything is opened: `--slurm on` where there is no Slurm must not leave a trace.
  const slurm = findSlurm(config.demo ? { ...config, slurm: 'off' } : config, env);
  const provider = findProvider(config);
  const push = planPush(config);
  let policyFile = config.policies === null ? undefined : loadPolicies(config.policies);
  const files = certificateFilesOf(config);
  const certificate = files && readCertificate(files);
  const parts = partsOf(log);
  const died = Promise.withResolvers<void>();
  const metrics = createMetrics({ config, now, log });
  const store = await parts.start(
    storePart({
      database: locateDatabase(config),
      readsFrom: locateReads(config),
      maxUnsealedSamples: config.maxUnsealedSamples,
      thresholds: thresholdsOf(config.thresholds),
      log,
      metrics,
      onDeath: die,
    }),
  );
  function die(cause: Error): void {
    log.error('store_failed', { cause, message: 'The service ends.' });
    died.resolve();
  }
  // At other levels a request costs nothing beside its metrics.
  const isDebug = config.logLevel === 'debug';
  const observeRequest: AppOptions['metrics']['observeRequest'] = isDebug
    ? (method, route, status, seconds, requestId) => {
        metrics.observeRequest(method, route, status, seconds);
        log.debug('request', { method, route, status, ms: roundMs(seconds), requestId });
      }
    : metrics.observeRequest;
  const { tokens: storedTokens, sessions: storedSessions } = await store.loadAccess(now());
  const { way: sessionWay, ...remembered } = createSessions({
    store,
    loaded: storedSessions,
    cookie: sessionCookie({
      isSecure: files !== undefined || (config.publicUrl?.startsWith('https:') ?? false),
      basePath: basePathOf(config),
    }),
    now,
  });
  const { sessions } = remembered;
  const { registry: tokens } = await parts.start(
    tokenPart({ stored: storedTokens, store, now, log, metrics }),
  );
  if (store.isShared)
    await parts.start(
      sharedAccessPart({
        store,
        replace(stored) {
          tokens.replace(stored.tokens);
          remembered.replace(stored.sessions);
        },
        changes: () => tokens.changes() + remembered.changes(),
        now,
        log,
        metrics,
      }),
    );
  const places = placesOf(config);
  const names = findNames(config);
  const access = await parts.start(
    accessPart({
      config,
      places,
      names,
      shown: {
        tokens: tokens.way,
        sessions: sessionWay,
        hasProvider: provider !== undefined,
        hasToken: () => tokens.list().some(({ expiresMs }) => expiresMs === undefined || expiresMs > now()),
      },
      slurm,
      store,
      log,
      metrics,
    }),
  );
  const cluster = () => access.slurm?.cluster();
  const recordReports = reportRecorder({ store, log, metrics, cluster });
  const asks = slurm.isFollowed ? slurmAsks({ commands: slurm.commands, now }) : undefined;
  // Slurm is followed once requests are answered.
  let readSlurmNodes: SlurmNodes['latest'] = () => undefined;
  const scheduler = () => readSlurmNodes();
  const nodes = { read: clusterNodes({ store, now, readScheduler: scheduler }), scheduler };
  const overviews = overviewKeeper({
    store,
    now,
    readNodes: nodes.read,
    following: () =>
      slurm.isFollowed && store.duty() === 'writer'
        ? { states: slurm.commands.states(), intervalMs: config.slurmIntervalMs }
        : undefined,
  });
  const queues = queueKeeper({ store, now });
  const ingest = await parts.start(ingestPart({ store, now, log, metrics }));
  const peers = await createPeers(config);
  const live = createLive({ store, version, log });
  const thresholds = thresholdsOf(config.thresholds);
  const links = refusalLinks(await store.readLinkSecret());
  const { coordinatorsOf } = access;
  const policyOptions = { config, store, thresholds, coordinatorsOf, slurm, links, now, log, metrics };
  const listening = await parts.start(
    httpPart({
      places,
      certificate,
      createApp: ({ listener, security, peerOf, isRetired }) =>
        createApp({
          loadPages,
          store,
          overviews,
          queues,
          provider,
          site: siteOf(config, { names, isTls: security !== 'plain', isUnix: listener.kind === 'unix' }),
          access: {
            ...access.forListener(peerOf),
            sessions,
            describeReception: access.describeReception,
            nameOfUser: access.nameOfUser,
          },
          ...(security !== 'plain' && { isRetired }),
          tokens,
          now,
          log,
          version,
          thresholds,
          maxBodyBytes: config.maxBodyBytes,
          slurm: {
            recordReports,
            parseCompletion: parseJobCompletion,
            expandLists: (lists) => expandLists(lists),
            readHookCall,
          },
          nodes,
          peers,
          asks,
          policies: {
            all: () => policyFile?.policies ?? [],
            mayAct: mayAct(policyOptions),
            attempt: policyTrial(policyOptions),
          },
          refusalLinks: links,
          ingest: ingest.routes,
          live,
          metrics: { render: metrics.render, observeRequest, namesRequests: isDebug },
        }),
    }),
  );
  // It stops before the servers, which wait for their answers to end.
  await parts.start(livePart(live));
  const renewal =
    files &&
    certificate &&
    (await parts.start(tlsPart({ files, certificate, places: listening, now, log, metrics })));
  if (slurm.isFollowed)
    readSlurmNodes = (await parts.start(slurmNodesPart({ slurm, now, log, metrics }))).latest;
  await parts.start(overviewPart({ store, overviews, log, metrics }));
  await parts.start(queuePart({ queues, log, metrics }));
  const urls = places.map(({ listener }, index) =>
    listener.kind === 'tcp' ? listening[index]!.current().url.href : describeListener(listener),
  );
  const url = outsideUrl(config, urls);
  if (url !== undefined) store.announce(url);
  await parts.start(dutyPart({ store, log, startWork, onFailure: die }));

  /** What only the service that writes does, of those that share a database. */
  async function startWork(work: Parts): Promise<void> {
    if (slurm.isFollowed)
      await work.start(slurmPart({ store, now, log, recordReports, slurm, config, metrics }));
    await work.start(findingPart({ store, now, log, metrics }));
    if (push) await work.start(pushPart({ plan: push, now, log, metrics }));
    if (policyFile) await work.start(policyPart(policyOptions, () => policyFile!));
    await work.start(retentionPart({ store, now, log, config, metrics }));
    if (!config.demo) return;
    // Imported here: a real service does not load the demonstration.
    const { demoPart } = await import('./demo.ts');
    const demo = await work.start(demoPart({ store, now, log, logFormat: chooseLogFormat(config), metrics }));
    readSlurmNodes = demo.nodes;
  }
  return {
    places: urls,
    duty: store.isShared ? store.duty() : undefined,
    access: access.summary,
    munge: access.munge,
    slurm: slurm.state,
    died: died.promise,
    reload() {
      renewal?.reload();
      if (config.policies !== null) policyFile = reloadPolicies(config.policies, log) ?? policyFile;
    },
    stop: parts.stop,
  };
}

/** Reads the file of policies again; undefined, and a warning, if it is wrong. */
function reloadPolicies(path: string, log: Pick<Log, 'info' | 'warn'>): PolicyFile | undefined {
  try {
    const file = loadPolicies(path);
    log.info('policies_loaded', { path, policies: file.policies.length });
    return file;
  } catch (cause) {
    log.warn('policies_not_loaded', { cause, message: 'The policies stay as they were.' });
    return undefined;
  }
}
