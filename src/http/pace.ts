let last = Promise.resolve();

/**
 * Resolves in a later turn of the event loop, in one of its own for each who asks: what comes next may take some milliseconds,
 * and several of it in one turn would keep all other requests out for all of them.
 */
export function takeTurn(): Promise<void> {
  last = last.then(() => new Promise((next) => setImmediate(next)));
  return last;
}
