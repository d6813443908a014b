import type { Peer } from '../access/way.ts';
import type { Certificate } from './certificate.ts';
import { handOver, type Opened, openWithFile } from './handover.ts';
import { type App, listen, listenTcp, peerOf, type Tls } from './listen.ts';
import type { Place } from './listeners.ts';

export type Server = Bun.Server<unknown>;

/** What an app needs to know of its place. */
export interface AppPlace extends Place {
  readonly peerOf: (request: Request, server: Server | null) => Peer | undefined;
  /** Whether its connections shall end, each with the next answer. */
  readonly isRetired: () => boolean;
}

/** One place where the service listens. */
export interface Listening {
  /** The server that gets new connections. */
  current(): Server;
  /**
   * Uses another certificate for new connections; those that exist go on. Throws if it is not possible.
   * `retired` resolves when the server before has answered all requests and is stopped.
   */
  renew(certificate: Certificate): { readonly retired: Promise<void> };
  /** Stops all its servers: at once, or as soon as they have answered their requests. */
  stop(isNow: boolean): Promise<void>;
}

/** By then each connection has ended: idle for 30 s, or with its last answer. */
const RETIRE_MS = 35_000;
/** A download that takes longer is cut off. */
const LONGEST_ANSWER_MS = 3_600_000;

interface ListeningOptions {
  readonly place: Place;
  /** Undefined only for a plain place. */
  readonly certificate: Certificate | undefined;
  readonly createApp: (place: AppPlace) => App;
}

interface Running extends Opened<Server> {
  retire(): void;
}

/** Begins to listen at a place. Rejects with OperatorError when this machine does not allow it. */
export async function openListening({ place, certificate, createApp }: ListeningOptions): Promise<Listening> {
  const { listener, security } = place;
  const stopping = new AbortController();
  const servers = new Set<Server>();
  let current = await open();
  servers.add(current.server);

  function prepare() {
    let isRetired = false;
    const app = createApp({
      ...place,
      peerOf: (request, server) => {
        const peer = peerOf(listener, request, server);
        return peer?.kind === 'tcp' && security === 'client-certificates'
          ? { ...peer, hasCertificate: true }
          : peer;
      },
      isRetired: () => isRetired,
    });
    const retire = () => {
      isRetired = true;
    };
    return { app, retire };
  }

  async function open(): Promise<Running> {
    const { app, retire } = prepare();
    if (listener.kind === 'unix' || security === 'plain')
      return { server: await listen(app, listener), file: undefined, retire };
    const tls = tlsOf(place, certificate!);
    return { ...openWithFile(() => listenTcp(app, { ...listener, tls })), retire };
  }

  async function stopRetired(server: Server): Promise<void> {
    await sleep(RETIRE_MS, stopping.signal);
    await Promise.race([server.stop(), sleep(LONGEST_ANSWER_MS, stopping.signal)]);
    await server.stop(true);
    servers.delete(server);
  }

  return {
    current: () => current.server,
    renew(certificate) {
      if (listener.kind === 'unix' || security === 'plain') return { retired: Promise.resolve() };
      const old = current;
      const { app, retire } = prepare();
      const options = { host: listener.host, port: old.server.port!, tls: tlsOf(place, certificate) };
      current = {
        ...handOver(old.file, () => listenTcp(app, { ...options, reusePort: true })),
        retire,
      };
      servers.add(current.server);
      old.retire();
      return { retired: stopRetired(old.server) };
    },
    async stop(isNow) {
      stopping.abort();
      await Promise.all([...servers].map((server) => server.stop(isNow)));
    },
  };
}

function tlsOf({ security }: Place, { cert, key, clientCa }: Certificate): Tls {
  if (security !== 'client-certificates') return { cert, key };
  return { cert, key, ca: clientCa!, requestCert: true, rejectUnauthorized: true };
}

/** Sleeps, at most until `signal` is aborted. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
