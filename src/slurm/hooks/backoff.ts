/** What was asked in vain is asked again after this, then after twice as long each time, up to the longest. */
const FIRST_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 60 * 60_000;

/** Remembers of some ids when it is time to ask about them again; times in milliseconds since 1970. */
export function createBackoff() {
  let known = new Map<string, { readonly nextMs: number; readonly waitMs: number }>();
  return {
    isDue: (id: string, nowMs: number): boolean => nowMs >= (known.get(id)?.nextMs ?? nowMs),

    /** Notes that these were asked about. */
    note(ids: Iterable<string>, nowMs: number): void {
      for (const id of ids) {
        const waitMs = Math.min(LONGEST_WAIT_MS, 2 * (known.get(id)?.waitMs ?? FIRST_WAIT_MS / 2));
        known.set(id, { nextMs: nowMs + waitMs, waitMs });
      }
    },

    /** Forgets all but these. */
    keep(ids: ReadonlySet<string>): void {
      known = new Map([...known].filter(([id]) => ids.has(id)));
    },
  };
}
