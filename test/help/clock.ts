/** Noon of the day in the API reference's examples: "now" in most tests. */
export const NOON_MS = Date.UTC(2026, 0, 20, 12);

/** Returns a clock that stands still until a test moves it. */
export function fixedClock(startMs = NOON_MS) {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    set: (timeMs: number) => {
      nowMs = timeMs;
    },
    advance: (ms: number) => {
      nowMs += ms;
    },
  };
}
