interface LatestOptions<Value> {
  readonly make: () => Promise<Value>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A value of this age is given to everybody who asks. */
  readonly freshMs: number;
  /** One of this age is still given while the next is made, so that nobody waits for it. */
  readonly usableMs: number;
}

/**
 * Returns a function that gives the latest value of something that is dear to make. It is made only when
 * somebody asks, one at a time; who waits for it, because it `mustBeFresh`, say, gets its errors.
 */
export function shareLatest<Value>({
  make,
  now,
  freshMs,
  usableMs,
}: LatestOptions<Value>): (asked?: { readonly mustBeFresh: boolean }) => Promise<Value> {
  let latest: { readonly atMs: number; readonly value: Value } | undefined;
  let making: Promise<Value> | undefined;

  function makeNext(): Promise<Value> {
    const atMs = now();
    making ??= make()
      .then((value) => {
        latest = { atMs, value };
        return value;
      })
      .finally(() => {
        making = undefined;
      });
    return making;
  }

  return async ({ mustBeFresh } = { mustBeFresh: false }) => {
    // A clock that was set back must not keep a value for ever.
    const ageMs = latest ? Math.abs(now() - latest.atMs) : Number.POSITIVE_INFINITY;
    if (ageMs < freshMs) return latest!.value;
    const next = makeNext();
    if (ageMs >= usableMs || mustBeFresh) return next;
    next.catch(() => {});
    return latest!.value;
  };
}
