import { type FindOwner, kernelWay } from '../access/kernel.ts';
import type { Users } from '../access/users.ts';
import type { Way } from '../access/way.ts';

/** A way to know callers, as the service is set up. */
export interface ServiceWay {
  readonly name: string;
  readonly way: Way;
  /** `on`, or `off: ` and the reason, for GET /v1/whoami. */
  readonly state: () => string;
  /** Whether it can prove who calls from another machine: a start beyond the loopback needs one that can. */
  readonly isAvailable: () => boolean | Promise<boolean>;
}

interface WayOptions {
  readonly users: Users;
  readonly findOwner: FindOwner;
  readonly shown: ShownWays;
}

/** The ways of secrets that a request shows, and their parts of the service. */
export interface ShownWays {
  readonly tokens: Way;
  readonly sessions: Way;
  /** Whether a token is valid now. */
  readonly hasToken: () => boolean;
}

/** Lists the ways in the order in which they are tried: what a request shows before what the kernel knows. */
export function createWays({ users, findOwner, shown }: WayOptions): ServiceWay[] {
  const isOn = () => 'on';
  return [
    { name: 'token', way: shown.tokens, state: isOn, isAvailable: shown.hasToken },
    // Sessions begin with another proof.
    { name: 'session', way: shown.sessions, state: isOn, isAvailable: () => false },
    {
      name: 'kernel',
      way: kernelWay({ findOwner, nameOf: users.nameOf }),
      state: isOn,
      isAvailable: () => false,
    },
  ];
}
