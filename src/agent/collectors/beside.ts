/** What a reading said. */
export interface Answer<T> {
  readonly value: T;
  /** When it ended, on a clock that nobody sets. */
  readonly endedMs: number;
}

/** A reading that may take long or never end, beside the rounds. */
export interface Beside<T> {
  /**
   * Returns what is read now; undefined if that takes longer than a round waits, or while it is left alone
   * after a failure. Never rejects.
   */
  read(): Promise<Answer<T> | undefined>;
  /** When the last reading began, or would have but for the rest after a failure. */
  askedMs(): number;
  /** One sentence: why the last call of `read` returned undefined. */
  trouble(): string | undefined;
}

interface BesideOptions<T> {
  readonly read: () => Promise<T>;
  /** What is read, at the beginning of a sentence. */
  readonly name: string;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicMs: () => number;
  /** How long a round waits. */
  readonly waitMs?: number;
}

const WAIT_MS = 3000;
/** Rounds for the first and last samples of jobs follow each other closely, and share one reading. */
const FRESH_MS = 1000;
const FIRST_REST_MS = 30_000;
const LONGEST_REST_MS = 10 * 60_000;

/** Reads one at a time. After a failure it rests for half a minute, and longer after each further one. */
export function readBeside<T>({ read, name, monotonicMs, waitMs = WAIT_MS }: BesideOptions<T>): Beside<T> {
  let flight: Promise<Answer<T> | undefined> | undefined;
  let hasWaited = false;
  let latest: Answer<T> | undefined;
  let failures = 0;
  let askedMs = Number.NEGATIVE_INFINITY;
  let restUntilMs = Number.NEGATIVE_INFINITY;
  let trouble: string | undefined;

  async function start(): Promise<Answer<T> | undefined> {
    try {
      const value = await read();
      latest = { value, endedMs: monotonicMs() };
      failures = 0;
      return latest;
    } catch (error) {
      latest = undefined;
      restUntilMs = monotonicMs() + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** failures++);
      trouble = (error as Error).message;
      return undefined;
    } finally {
      flight = undefined;
    }
  }

  async function wait(): Promise<Answer<T> | undefined> {
    const isLate = Symbol('late');
    const late = Promise.withResolvers<typeof isLate>();
    const timer = setTimeout(late.resolve, waitMs, isLate);
    const result = await Promise.race([flight!, late.promise]);
    clearTimeout(timer);
    if (result !== isLate) return result;
    hasWaited = true;
    trouble = `${name} took more than ${waitMs / 1000} s, so this round goes without its values`;
    return undefined;
  }

  return {
    async read() {
      if (flight) return hasWaited ? undefined : wait();
      if (latest && monotonicMs() - latest.endedMs < FRESH_MS) return latest;
      askedMs = monotonicMs();
      if (askedMs < restUntilMs) return undefined;
      trouble = undefined;
      hasWaited = false;
      flight = start();
      return wait();
    },
    askedMs: () => askedMs,
    trouble: () => trouble,
  };
}
