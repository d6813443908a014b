/** Milliseconds that long work may take in one turn of the event loop before it yields to other requests. */
export const SLICE_MS = 4;

/** `background` is work that may take long as a whole. All other work is `first`. */
export type Rank = 'first' | 'background';

const waiting: Record<Rank, (() => void)[]> = { first: [], background: [] };
let lastRank: Rank = 'background';
let isRunning = false;

/**
 * Resolves in a later turn of the event loop, one caller per turn: the slice that follows may take
 * `SLICE_MS`, and several in one turn would delay all other requests by all of them. Callers of one rank
 * resume in order of their calls; the two ranks alternate, so that neither starves the other.
 */
export function yieldToOthers(rank: Rank = 'first'): Promise<void> {
  return new Promise((resolve) => {
    waiting[rank].push(resolve);
    if (isRunning) return;
    isRunning = true;
    setImmediate(resumeNext);
  });
}

/**
 * As `yieldToOthers`, but resolves at once if nobody else has used this turn of the event loop: a read that
 * fits into one slice needs no turn of its own. Only for the first slice of a request.
 */
export function joinTurn(rank: Rank = 'first'): Promise<void> {
  if (isRunning) return yieldToOthers(rank);
  isRunning = true;
  setImmediate(resumeNext);
  return Promise.resolve();
}

/** Starts the first slice of work that rests between its slices. */
export function startPace(rank: Rank = 'first') {
  let endMs = performance.now() + SLICE_MS;
  return {
    /** Whether the slice is over. */
    isDue: (): boolean => performance.now() > endMs,

    /** Yields to others, and starts the next slice. */
    async rest(): Promise<void> {
      await yieldToOthers(rank);
      endMs = performance.now() + SLICE_MS;
    },
  };
}

function resumeNext(): void {
  const next: Rank = lastRank === 'first' ? 'background' : 'first';
  const rank = waiting[next].length > 0 ? next : lastRank;
  const resume = waiting[rank].shift();
  lastRank = rank;
  isRunning = waiting.first.length + waiting.background.length > 0;
  if (isRunning) setImmediate(resumeNext);
  resume?.();
}
