import { BlockList, isIP } from 'node:net';
import type { Identity } from '../domain/caller.ts';
import { refuseCredential } from '../domain/errors.ts';
import type { Peer, TcpPeer, Way } from './way.ts';

/**
 * A user's name, also one of Active Directory (`DOMAIN\alice`, `alice@EXAMPLE.ORG`). Not `(null)`, which
 * Apache sends where nobody signed in, and no comma, which joins a header that came twice.
 */
const USER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+@\\-]{0,254}\$?$/;

interface ProxyOptions {
  /** Addresses, networks such as 10.0.0.0/8, `user:NAME` (who runs the proxy on this machine) and `unix`. */
  readonly trusted: readonly string[];
  /** The header in which the proxy names the user. */
  readonly header: string;
  /** Finds the user of this machine whose connection it is; undefined if that is not certain. */
  readonly userOf: (peer: TcpPeer) => string | undefined | Promise<string | undefined>;
  /** Called for a header that somebody else sent. */
  readonly onIgnored: () => void;
}

/**
 * The way of users whom a proxy has asked for their name. `guard` comes after all that a request may show and
 * before the kernel's way: a request for which a proxy names nobody is not that of the proxy's own user.
 */
export function proxyWays({ trusted, header, userOf, onIgnored }: ProxyOptions): { way: Way; guard: Way } {
  const isTrusted = truster(trusted, userOf);

  const whenTrusted = (
    peer: Peer | undefined,
    use: (isTrusted: boolean) => ReturnType<Way>,
  ): ReturnType<Way> => {
    const found = peer !== undefined && isTrusted(peer);
    return found instanceof Promise ? found.then(use) : use(found);
  };

  return {
    way({ request, peer }) {
      const name = request.headers.get(header);
      if (name === null) return undefined;
      return whenTrusted(peer, (isTrusted) => {
        if (isTrusted) return name === '' ? undefined : identityOf(name, header);
        onIgnored();
        return undefined;
      });
    },
    guard: ({ peer }) => whenTrusted(peer, (isTrusted) => (isTrusted ? 'stranger' : undefined)),
  };
}

function identityOf(name: string, header: string): Identity {
  if (!USER_NAME.test(name))
    throw refuseCredential('proxy_refused', `The ${header} of the proxy is not the name of one user.`);
  return { name, proof: 'proxy', isLocal: false };
}

/** Returns a function that says whether a connection is that of a proxy. */
function truster(
  trusted: readonly string[],
  userOf: ProxyOptions['userOf'],
): (peer: Peer) => boolean | Promise<boolean> {
  const addresses = addressesOf(trusted);
  const users = new Set(
    trusted.filter((word) => word.startsWith('user:')).map((word) => word.slice('user:'.length)),
  );
  const isUser = (name: string | undefined) => name !== undefined && users.has(name);

  return (peer) => {
    if (peer.kind === 'unix') return trusted.includes('unix');
    if (addresses.check(peer.address, familyOf(peer.address))) return true;
    if (users.size === 0) return false;
    const name = userOf(peer);
    return name instanceof Promise ? name.then(isUser) : isUser(name);
  };
}

/** Returns whether any user of this machine could send the header, by connecting from a loopback address. */
export function trustsWholeMachine(trusted: readonly string[]): boolean {
  const addresses = addressesOf(trusted);
  return addresses.check('127.0.0.1', 'ipv4') || addresses.check('::1', 'ipv6');
}

function addressesOf(trusted: readonly string[]): BlockList {
  const addresses = new BlockList();
  for (const word of trusted) addAddress(addresses, word);
  return addresses;
}

function addAddress(addresses: BlockList, word: string): void {
  const [address = '', bits] = word.split('/');
  if (isIP(address) === 0) return;
  if (bits === undefined) addresses.addAddress(address, familyOf(address));
  else addresses.addSubnet(address, Number(bits), familyOf(address));
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
