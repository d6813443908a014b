import type { Peer } from '../access/way.ts';
import { OperatorError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';
import type { Listener, TcpListener, UnixListener } from '../settings/listener.ts';
import { admitGroup, removeStaleSocket, withClosedMode } from './unix-socket.ts';

type Server = Bun.Server<unknown>;

/** What listens: an Elysia app. */
export interface App {
  listen(options: Record<string, unknown>): unknown;
  readonly server: Server | null;
}

/** What Bun needs for TLS, which is 1.2 or 1.3. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  /** Together: clients without a certificate of `ca` are not admitted. */
  readonly requestCert?: boolean;
  readonly rejectUnauthorized?: boolean;
}

interface TcpOptions extends Pick<TcpListener, 'host' | 'port'> {
  readonly tls?: Tls | undefined;
  /** Whether another socket of this process listens there too. */
  readonly reusePort?: boolean;
}

const OPTIONS = { reusePort: false, maxRequestBodySize: Number.MAX_SAFE_INTEGER };

/** Listens for requests. Rejects with OperatorError, one sentence, when this machine does not allow it. */
export async function listen(app: App, listener: Listener): Promise<Server> {
  return listener.kind === 'tcp' ? listenTcp(app, listener) : await listenUnix(app, listener);
}

/** Listens on an address. Throws as `listen` rejects. */
export function listenTcp(app: App, { host, port, tls, reusePort = false }: TcpOptions): Server {
  try {
    app.listen({ ...OPTIONS, hostname: host, port, reusePort, ...(tls && { tls }) });
  } catch (error) {
    throw new OperatorError(explainListenError(host, port, error), { cause: error });
  }
  return app.server!;
}

async function listenUnix(app: App, listener: UnixListener): Promise<Server> {
  const { path } = listener;
  await removeStaleSocket(path);
  try {
    withClosedMode(() => app.listen({ ...OPTIONS, unix: path }));
  } catch (error) {
    throw new OperatorError(`Cannot listen on ${path}: ${explainSystemError(error)}.`, { cause: error });
  }
  try {
    await admitGroup(listener);
  } catch (error) {
    await app.server!.stop(true);
    throw error;
  }
  return app.server!;
}

/** Returns where a request to a listener comes from; undefined if its connection is gone. */
export function peerOf(listener: Listener, request: Request, server: Server | null): Peer | undefined {
  if (listener.kind === 'unix') return { kind: 'unix', path: listener.path };
  const from = server?.requestIP(request);
  if (!server || !from) return undefined;
  return {
    kind: 'tcp',
    address: from.address,
    port: from.port,
    listener: addressOf(server),
    // It asks the kernel for the peer of the connection, which has none once it is reset.
    isConnected: () => server.requestIP(request) !== null,
  };
}

type Address = { readonly address: string; readonly port: number };
const addresses = new WeakMap<Server, Address>();

/** The numeric address that a server listens on; its `hostname` may be a name. */
function addressOf(server: Server): Address {
  let address = addresses.get(server);
  if (!address) {
    address = (server as unknown as { address: Address }).address;
    addresses.set(server, address);
  }
  return address;
}

/** Explains why the service cannot listen, and what to do about it. */
export function explainListenError(host: string, port: number, error: unknown): string {
  const { code = '' } = error as { code?: string };
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use. Stop the other program, or choose another --port.`;
    case 'EADDRNOTAVAIL':
      return `${host} is not an address of this machine. Choose one of its addresses with --host, or 0.0.0.0 for all of them.`;
    case 'EACCES':
      return (
        `This user may not listen on port ${port}: ports below 1024 are for root. Choose another --port, or give the ` +
        'service AmbientCapabilities=CAP_NET_BIND_SERVICE.'
      );
    case 'EAGAIN':
    case 'EAI_AGAIN':
      return `There is no host ${host} that this machine knows, and its name server does not answer. Choose an address of this machine with --host.`;
    case 'ENOENT':
    case 'ENOTFOUND':
    case 'EAI_NONAME':
    case 'DNS_ENOTFOUND':
      return `There is no host ${host}. Choose an address of this machine with --host.`;
    default:
      return `Cannot listen on ${host}, port ${port}: ${explainSystemError(error)}.`;
  }
}
