/** Milliseconds that long work may take in one turn of the event loop before it lets other requests go on. */
export const SLICE_MS = 4;

/** `background` is work that may take long as a whole; everything else goes first. */
export type Rank = 'first' | 'background';

const waiting: Record<Rank, (() => void)[]> = { first: [], background: [] };
let lastRank: Rank = 'background';
let isRunning = false;

/**
 * Resolves in a later turn of the event loop, in one of its own for each caller: the slice that follows may take
 * `SLICE_MS`, and several in one turn would keep all other requests waiting for all of them. Callers of one rank take their
 * turns in the order of their calls; the two ranks alternate, so that neither keeps the other out.
 */
export function takeTurn(rank: Rank = 'first'): Promise<void> {
  return new Promise((resolve) => {
    waiting[rank].push(resolve);
    if (isRunning) return;
    isRunning = true;
    setImmediate(giveTurn);
  });
}

function giveTurn(): void {
  const next: Rank = lastRank === 'first' ? 'background' : 'first';
  const rank = waiting[next].length > 0 ? next : lastRank;
  const resume = waiting[rank].shift();
  lastRank = rank;
  isRunning = waiting.first.length + waiting.background.length > 0;
  if (isRunning) setImmediate(giveTurn);
  resume?.();
}
