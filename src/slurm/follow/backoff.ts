/** The wait after the first failed request; it doubles with each further one, up to the longest. */
const FIRST_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 60 * 60_000;

/** Tracks when to ask about an id again after asking in vain; times in milliseconds since 1970. */
export function createBackoff() {
  let waits = new Map<string, { readonly nextMs: number; readonly waitMs: number }>();
  return {
    isDue: (id: string, nowMs: number): boolean => nowMs >= (waits.get(id)?.nextMs ?? nowMs),

    /** Records that these ids were asked about. */
    markAsked(ids: Iterable<string>, nowMs: number): void {
      for (const id of ids) {
        const waitMs = Math.min(LONGEST_WAIT_MS, 2 * (waits.get(id)?.waitMs ?? FIRST_WAIT_MS / 2));
        waits.set(id, { nextMs: nowMs + waitMs, waitMs });
      }
    },

    /** Forgets all ids except these. */
    retain(ids: ReadonlySet<string>): void {
      waits = new Map([...waits].filter(([id]) => ids.has(id)));
    },
  };
}
