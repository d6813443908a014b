import { isWildcard, parseAddress } from './address.ts';
import type { FindOwner } from './kernel.ts';
import type { Connection, Sockets } from './libc.ts';
import type { TcpPeer } from './way.ts';

interface Known {
  readonly address: string;
  readonly listener: TcpPeer['listener'];
  readonly owner: number;
  /** Undefined for a connection that has sent one request, as those of most programs do. */
  readonly connection: Connection | undefined;
}

/**
 * Returns `findOwner` with a memory of connections that send several requests: 1 µs, where a lookup takes 8.
 * What is remembered holds for the connection that was looked up, as long as it exists: a port that another
 * user takes later is another connection.
 */
export function rememberOwners(findOwner: FindOwner, findConnection: Sockets['connection']): FindOwner {
  /** By the port of the client; of two connections from one port the later is remembered. */
  const known = new Map<number, Known>();

  return (peer) => {
    const { address, port, listener } = peer;
    const last = known.get(port);
    const before = last?.address === address && last.listener === listener ? last : undefined;
    // The request may have waited for another way since its peer was read, and its connection be gone.
    if (before?.connection?.exists()) return peer.isConnected() ? before.owner : undefined;
    // Found before its owner, and checked afterwards, so that both belong together.
    const connection = before && connectionOf(peer, findConnection);
    const owner = findOwner(peer);
    if (owner === undefined || owner instanceof Promise) return owner;
    known.set(port, { address, listener, owner, connection: connection?.exists() ? connection : undefined });
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
