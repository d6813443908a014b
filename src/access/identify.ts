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
  return async (arrival: Arrival): Promise<Caller> => {
    for (const way of ways) {
      const found = way(arrival);
      // Most ways answer at once; a turn of the event loop for each would cost as much as the ways.
      const identity = found instanceof Promise ? await found : found;
      if (identity === 'stranger') return NOBODY;
      if (identity) return callerOf(identity);
    }
    return NOBODY;
  };
}
