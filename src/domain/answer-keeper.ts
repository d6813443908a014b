import type { Sight } from './caller.ts';

/** An answer of this age is given, and no next one is made. */
const FRESH_MS = 5000;
/** An answer of this age is still given, while the next one is made, so that nobody waits for it. */
const USABLE_MS = 30_000;
/** Somebody who asked within this time is taken to watch. */
const WATCH_MS = 60_000;
/** While nobody watches, it is made for a hundredth of the time, so that who comes need not wait. */
const UNWATCHED_SHARE = 100;
const LONGEST_UNWATCHED_MS = 20_000;
/** Sights whose answer is kept; each is some kilobytes. */
const MAX_KEPT = 200;

/** Answers that are made from many jobs, for everybody who asks. */
export interface Answers<Answer> {
  /** Returns what somebody with this sight sees. It may be up to 30 s old; waits only if there is none. */
  of(sight: Sight): Promise<Answer>;
  /** Makes the answer of all jobs anew if that is due, and returns the latest. To be called every 5 s. */
  refresh(): Promise<Answer>;
}

interface KeeperOptions<Answer> {
  readonly make: (sight: Sight, nowMs: number) => Promise<Answer>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly maxKept?: number | undefined;
}

/** Keeps the latest answer for each sight, and makes one at a time of each. */
export function answerKeeper<Answer extends { readonly timeMs: number }>({
  make: makeAnswer,
  now,
  maxKept = MAX_KEPT,
}: KeeperOptions<Answer>): Answers<Answer> {
  const kept = new Map<string, ReturnType<typeof keepOne>>();
  const all = keepOne('all');

  function keepOne(sight: Sight) {
    let latest: Answer | undefined;
    let making: Promise<Answer> | undefined;
    let askedMs = Number.NEGATIVE_INFINITY;
    let tookMs = 0;

    function make(): Promise<Answer> {
      const startedMs = now();
      making ??= makeAnswer(sight, startedMs)
        .then((made) => {
          tookMs = now() - startedMs;
          latest = made;
          return made;
        })
        .finally(() => {
          making = undefined;
        });
      return making;
    }

    // The clock may have gone back.
    const ageMs = () => (latest === undefined ? Number.POSITIVE_INFINITY : Math.abs(now() - latest.timeMs));

    return {
      async ask(): Promise<Answer> {
        askedMs = now();
        const age = ageMs();
        if (age < FRESH_MS) return latest!;
        const next = make();
        if (age >= USABLE_MS) return next;
        // It fails for those who wait for it.
        next.catch(() => {});
        return latest!;
      },
      async refresh(): Promise<Answer> {
        const isWatched = now() - askedMs < WATCH_MS;
        const restMs = Math.min(UNWATCHED_SHARE * tookMs, LONGEST_UNWATCHED_MS);
        return ageMs() >= (isWatched ? FRESH_MS : Math.max(FRESH_MS, restMs)) ? make() : latest!;
      },
    };
  }

  return {
    of(sight) {
      if (sight === 'all') return all.ask();
      const key = JSON.stringify([sight.user, ...sight.accounts]);
      const one = kept.get(key) ?? keepOne(sight);
      // The one that was asked for longest ago comes first, and goes first.
      kept.delete(key);
      kept.set(key, one);
      if (kept.size > maxKept) kept.delete(kept.keys().next().value!);
      return one.ask();
    },
    refresh: () => all.refresh(),
  };
}
