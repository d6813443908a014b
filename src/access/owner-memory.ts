import { isWildcard, parseAddress } from './address.ts';
import type { FindOwner } from './kernel.ts';
import type { Connection, Sockets } from './libc.ts';
import type { TcpPeer } from './way.ts';

/** A remembered owner takes 1.2 µs, and a lookup 8 µs: a keep-alive connection asks 20,000 times a second. */
const MAX_CONNECTIONS = 10_000;

interface Known {
  readonly owner: number;
  /** Undefined for a connection that has sent one request, as those of most programs do. */
  readonly connection: Connection | undefined;
}

/**
 * Returns `findOwner` with a memory of connections that send several requests. What is remembered holds for
 * the connection that was looked up, as long as it exists: a port that another user takes later is another
 * connection.
 */
export function rememberOwners(findOwner: FindOwner, findConnection: Sockets['connection']): FindOwner {
  const known = new Map<string, Known>();

  function remember(key: string, entry: Known): void {
    known.delete(key);
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= MAX_CONNECTIONS) known.delete(oldest);
    known.set(key, entry);
  }

  return (peer) => {
    const key = `${peer.address} ${peer.port} ${peer.listener.address} ${peer.listener.port}`;
    const before = known.get(key);
    if (before?.connection?.exists()) return before.owner;
    // Found before its owner, and checked afterwards, so that both belong together.
    const connection = before && connectionOf(peer, findConnection);
    const owner = findOwner(peer);
    if (owner === undefined || owner instanceof Promise) return owner;
    remember(key, { owner, connection: connection?.exists() ? connection : undefined });
    return owner;
  };
}

/** The connection of a peer; undefined at a wildcard address, where another one may have the same peer. */
function connectionOf(
  { address, port, listener }: TcpPeer,
  findConnection: Sockets['connection'],
): Connection | undefined {
  const local = parseAddress(listener.address);
  const remote = parseAddress(address);
  if (!local || !remote || isWildcard(local)) return undefined;
  return findConnection({
    local: { address: local, port: listener.port },
    remote: { address: remote, port },
  });
}
