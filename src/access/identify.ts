import { type Caller, type Identity, NOBODY } from '../domain/caller.ts';
import type { Arrival, Way } from './way.ts';

interface IdentifyOptions {
  /**
   * In the order in which they are tried: those that a request names itself (token, MUNGE, session, proxy)
   * before what the kernel knows of every connection.
   */
  readonly ways: readonly Way[];
  readonly callerOf: (identity: Identity) => Caller | Promise<Caller>;
}

/** Returns a function that finds out who sends a request: NOBODY where it cannot be known. */
export function identifier({ ways, callerOf }: IdentifyOptions) {
  const judge = (identity: Identity | 'stranger'): Caller | Promise<Caller> =>
    identity === 'stranger' ? NOBODY : callerOf(identity);

  /** Tries the ways from the one at `index` on. */
  function identifyFrom(index: number, arrival: Arrival): Caller | Promise<Caller> {
    for (let at = index; at < ways.length; at++) {
      const found = ways[at]!(arrival);
      // Most ways answer at once: a promise for each would cost as much as they do.
      if (found instanceof Promise)
        return found.then((one) => (one ? judge(one) : identifyFrom(at + 1, arrival)));
      if (found) return judge(found);
    }
    return NOBODY;
  }

  return (arrival: Arrival): Caller | Promise<Caller> => identifyFrom(0, arrival);
}
