/** Milliseconds that long work may take in one turn of the event loop before it lets other requests go on. */
export const SLICE_MS = 4;

let last = Promise.resolve();

/**
 * Resolves in a later turn of the event loop, in one of its own for each caller: the slice that follows may take
 * `SLICE_MS`, and several in one turn would keep all other requests waiting for all of them.
 */
export function takeTurn(): Promise<void> {
  last = last.then(() => new Promise((next) => setImmediate(next)));
  return last;
}
