import type { Identity } from '../domain/caller.ts';
import { type End, isWildcard, parseAddress } from './address.ts';
import { type ClientSocket, ownerOf } from './client-socket.ts';
import type { Sockets } from './libc.ts';
import type { Ends } from './socket-diag.ts';
import type { TcpPeer, Way } from './way.ts';

export type FindOwner = (peer: TcpPeer) => number | undefined | Promise<number | undefined>;

/** Netlink and the sockets of this process, or the tables in /proc/net alone. */
export interface SocketFinder {
  readonly find: (ends: Ends) => ClientSocket | undefined | Promise<ClientSocket | undefined>;
  /** Undefined where it cannot be known; then callers of a wildcard address have no name. */
  readonly localAddress: Sockets['localAddress'] | undefined;
}

/**
 * Returns a function that finds the user who owns the other end of a connection from this machine; undefined
 * if that is not certain. A connection from another machine has no other end here.
 *
 * The answer is that of the very connection: as long as the service has its end, the kernel gives its two
 * addresses and ports to no other connection, and that the service still has it is seen afterwards.
 */
export function ownerFinder({ find, localAddress }: SocketFinder): FindOwner {
  const certainOwner = (peer: TcpPeer, socket: ClientSocket | undefined): number | undefined => {
    const owner = ownerOf(socket);
    return owner !== undefined && peer.isConnected() ? owner : undefined;
  };

  return (peer) => {
    const ends = endsOf(peer, localAddress);
    if (!ends) return undefined;
    const found = find(ends);
    return found instanceof Promise
      ? found.then((socket) => certainOwner(peer, socket))
      : certainOwner(peer, found);
  };
}

/** The ends of the client's socket: its local end is our remote one. */
function endsOf(
  { address, port, listener }: TcpPeer,
  localAddress: SocketFinder['localAddress'],
): Ends | undefined {
  const clientAddress = parseAddress(address);
  const listening = parseAddress(listener.address);
  if (!clientAddress || !listening) return undefined;
  const local: End = { address: clientAddress, port };
  // The client's socket is looked up by both addresses, because another user's may differ in one alone.
  const remoteAddress = isWildcard(listening) ? localAddress?.(local, listener.port) : listening;
  if (remoteAddress?.length !== clientAddress.length) return undefined;
  return { local, remote: { address: remoteAddress, port: listener.port } };
}

interface KernelOptions {
  readonly findOwner: FindOwner;
  /** Undefined if the name cannot be found at present. */
  readonly nameOf: (uid: number) => string | undefined | Promise<string | undefined>;
}

/** The way of callers on the service's own machine: the kernel knows whose connection it is. */
export function kernelWay({ findOwner, nameOf }: KernelOptions): Way {
  const identityOf = (uid: number, name: string | undefined): Identity | undefined =>
    name === undefined ? undefined : { name, uid, proof: 'kernel', isLocal: true };

  function identify(uid: number | undefined): Identity | undefined | Promise<Identity | undefined> {
    if (uid === undefined) return undefined;
    const name = nameOf(uid);
    return name instanceof Promise ? name.then((found) => identityOf(uid, found)) : identityOf(uid, name);
  }

  return ({ peer }) => {
    if (peer?.kind !== 'tcp') return undefined;
    const owner = findOwner(peer);
    return owner instanceof Promise ? owner.then(identify) : identify(owner);
  };
}
