import { certificateWay } from '../access/certificate.ts';
import { firstOf, whereShown } from '../access/identify.ts';
import { type FindOwner, kernelWay } from '../access/kernel.ts';
import type { MungeState } from '../access/munge-state.ts';
import { proxyWays } from '../access/proxy.ts';
import type { Users } from '../access/users.ts';
import type { TcpPeer, Way } from '../access/way.ts';
import type { Config } from '../settings/table.ts';

/** A way to know callers, as the service is set up. */
export interface ServiceWay {
  readonly name: string;
  readonly way: Way;
  /** Whether only requests use it that show something: a header of `joinWays`, or a token in the path. */
  readonly isShown?: true;
  /** `on`, or `off: ` and the reason, for GET /v1/whoami. */
  readonly state: () => string;
  /** Whether it can prove who calls from another machine: a start beyond the loopback needs one that can. */
  readonly isAvailable: () => boolean | Promise<boolean>;
}

interface WayOptions {
  readonly config: Pick<Config, 'trustedProxies' | 'userHeader' | 'clientCa' | 'clientRole'>;
  readonly users: Users;
  readonly findOwner: FindOwner;
  readonly shown: ShownWays;
  readonly munge: { readonly way: Way; readonly state: MungeState };
  /** Called for a user's name in a header that did not come from a trusted proxy. */
  readonly onIgnoredHeader: () => void;
}

/** The ways of secrets that a request shows, and their parts of the service. */
export interface ShownWays {
  readonly tokens: Way;
  readonly sessions: Way;
  /** Whether people sign in at an identity provider, which gives them a session. */
  readonly hasProvider: boolean;
  /** Whether a token is valid now. */
  readonly hasToken: () => boolean;
}

/** Lists the ways in the order in which they are tried: what a request shows before what the kernel knows. */
export function createWays({
  config,
  users,
  findOwner,
  shown,
  munge,
  onIgnoredHeader,
}: WayOptions): ServiceWay[] {
  const isOn = () => 'on';
  const kernel = kernelWay({ findOwner, nameOf: users.nameOf });
  const { trustedProxies: trusted, userHeader: header } = config;
  const proxy = proxyWays({
    trusted,
    header,
    userOf: userFinder(findOwner, users),
    onIgnored: onIgnoredHeader,
  });
  return [
    { name: 'token', way: shown.tokens, isShown: true, state: isOn, isAvailable: shown.hasToken },
    {
      name: 'munge',
      way: munge.way,
      isShown: true,
      state: munge.state.last,
      isAvailable: async () => (await munge.state.ask()) === 'on',
    },
    {
      name: 'proxy',
      // Before sessions: a portal may have signed another user in since.
      way: trusted.length > 0 ? proxy.way : NO_WAY,
      isShown: true,
      state: () => (trusted.length > 0 ? 'on' : 'off: --trusted-proxy names none'),
      isAvailable: () => trusted.length > 0,
    },
    // Sessions begin with another proof.
    { name: 'session', way: shown.sessions, isShown: true, state: isOn, isAvailable: () => false },
    {
      name: 'oidc',
      way: NO_WAY,
      isShown: true,
      state: () => (shown.hasProvider ? 'on' : 'off: --oidc-issuer is not set'),
      isAvailable: () => shown.hasProvider,
    },
    {
      name: 'certificate',
      way: config.clientCa === null ? NO_WAY : certificateWay(config.clientRole),
      state: () => (config.clientCa === null ? 'off: --client-ca names no authority' : 'on'),
      // Its own listeners admit nobody else.
      isAvailable: () => false,
    },
    {
      name: 'kernel',
      way: trusted.length > 0 ? unless(proxy.guard, kernel) : kernel,
      state: isOn,
      isAvailable: () => false,
    },
  ];
}

const NO_WAY: Way = () => undefined;

/** Joins ways, in their order; those that a request shows come first. */
export function joinWays(
  ways: readonly ServiceWay[],
  { trustedProxies, userHeader }: Pick<Config, 'trustedProxies' | 'userHeader'>,
): Way {
  const headers = ['authorization', 'cookie', ...(trustedProxies.length > 0 ? [userHeader] : [])];
  const shown = ways.filter(({ isShown }) => isShown).map(({ way }) => way);
  const others = ways.filter(({ isShown, way }) => !isShown && way !== NO_WAY).map(({ way }) => way);
  return firstOf([whereShown(headers, shown), ...others]);
}

/** Finds the user of this machine whose connection it is. */
const userFinder = (findOwner: FindOwner, users: Users) => async (peer: TcpPeer) => {
  const uid = await findOwner(peer);
  return uid === undefined ? undefined : users.nameOf(uid);
};

/** Tries the second way only if the first one finds nothing. */
const unless =
  (first: Way, second: Way): Way =>
  (arrival) => {
    const found = first(arrival);
    return found instanceof Promise
      ? found.then((one) => one ?? second(arrival))
      : (found ?? second(arrival));
  };
