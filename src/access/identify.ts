import { type Caller, type Identity, NOBODY } from '../domain/caller.ts';
import type { Arrival, Found, Way } from './way.ts';

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
  const find = firstOf(ways);
  const judge = (found: Found): Caller | Promise<Caller> =>
    found === undefined || found === 'stranger' ? NOBODY : callerOf(found);

  return (arrival: Arrival): Caller | Promise<Caller> => {
    const found = find(arrival);
    return found instanceof Promise ? found.then(judge) : judge(found);
  };
}

/** Returns a way that tries others in their order, as far as one of them finds something. */
export function firstOf(ways: readonly Way[]): Way {
  function find(from: number, arrival: Arrival): Found | Promise<Found> {
    for (let at = from; at < ways.length; at++) {
      const found = ways[at]!(arrival);
      // Most ways answer at once: a promise for each would cost as much as they do.
      if (found instanceof Promise) return found.then((one) => one ?? find(at + 1, arrival));
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return (arrival) => find(0, arrival);
}

/**
 * Returns a way that tries others only for requests with one of these headers, or with a token in the path.
 * Without it a request that shows nothing, as those on the same machine, pays for five looks at its headers.
 */
export function whereShown(headers: readonly string[], ways: readonly Way[]): Way {
  const find = firstOf(ways);
  return (arrival) => {
    const { request, pathToken } = arrival;
    const isShown = pathToken !== undefined || headers.some((header) => request.headers.has(header));
    return isShown ? find(arrival) : undefined;
  };
}
