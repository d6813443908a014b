/** One answer serves all who may see every job for this long, because it reads many jobs. */
const FRESH_MS = 5000;
/** An answer of this age is still given while the next one is made, so that nobody waits for it. */
const USABLE_MS = 30_000;

/** Something that was made at a time, in milliseconds since 1970. */
interface Made {
  readonly timeMs: number;
}

/** Keeps the latest answer for all callers who would get the same one, and makes one at a time. */
export function shareAnswer<Answer extends Made>(make: () => Promise<Answer>, now: () => number) {
  let latest: Answer | undefined;
  let making: Promise<Answer> | undefined;

  function makeNext(): Promise<Answer> {
    making ??= make()
      .then((made) => {
        latest = made;
        return made;
      })
      .finally(() => {
        making = undefined;
      });
    return making;
  }

  /** Returns the latest answer, and makes the next one if that is not fresh. */
  return async (): Promise<Answer> => {
    const ageMs = latest === undefined ? Number.POSITIVE_INFINITY : Math.abs(now() - latest.timeMs);
    if (ageMs < FRESH_MS) return latest!;
    const next = makeNext();
    if (ageMs >= USABLE_MS) return next;
    // It fails for those who wait for it.
    next.catch(() => {});
    return latest!;
  };
}
