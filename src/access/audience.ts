import { isLoopback, isWildcard, parseAddress } from './address.ts';
import type { Peer } from './way.ts';

interface PlaceOptions {
  /** The names of this machine and those of the settings, in lower case. */
  readonly names: ReadonlySet<string>;
  /** As in URLs: the hosts under which a proxy or another port leads here. */
  readonly publicHosts: readonly string[];
  /** The numeric addresses of this machine beside the loopback. */
  readonly ownAddresses: () => readonly string[];
}

/** The place where a credential arrived. */
export interface Arrived {
  readonly peer: Peer | undefined;
  /** The Host of its request, which its sender chooses. */
  readonly requestHost: string;
}

/** Returns whether a credential for `host`, as in a URL, was made for the place where it arrived. */
export type IsMeant = (host: string, arrived: Arrived) => boolean;

const HOST = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/;
/** Those that URLs leave out. */
const DEFAULT_PORTS = [80, 443];

/**
 * Compares with the address and the port of the listener, and not with the Host of the request: a program
 * that was sent a credential by mistake, or listens at another port of this machine, would send that Host
 * too.
 */
export function createAudience({ names, publicHosts, ownAddresses }: PlaceOptions): IsMeant {
  const isHere = (text: string, listening: string): boolean => {
    const address = parseAddress(text);
    const listener = parseAddress(listening);
    if (!address) return names.has(text.replace(/\.$/, ''));
    if (!listener) return false;
    if (!isWildcard(listener)) return isSame(address, listener);
    return isLoopback(address) || ownAddresses().some((own) => isSame(address, parseAddress(own)));
  };

  return (host, { peer, requestHost }) => {
    const wanted = host.toLowerCase();
    if (publicHosts.includes(wanted)) return true;
    // A socket has no address, and only those whom its file admits can send anything.
    if (peer?.kind !== 'tcp') return wanted === requestHost.toLowerCase();
    const { address, port } = peer.listener;
    const [, ipv6, name = ipv6, itsPort] = HOST.exec(wanted) ?? [];
    const isPort = itsPort === undefined ? DEFAULT_PORTS.includes(port) : Number(itsPort) === port;
    return isPort && name !== undefined && isHere(name, address);
  };
}

const isSame = (one: Uint8Array, other: Uint8Array | undefined): boolean =>
  other !== undefined && one.length === other.length && one.every((byte, at) => byte === other[at]);
