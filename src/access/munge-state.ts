import type { Unmunge } from './unmunge.ts';

/** munged is started or stopped seldom; each question starts a program. */
const KEEP_MS = 30_000;

export interface MungeState {
  /** Asks munged; resolves to `on`, or to `off: ` and the reason. */
  ask(): Promise<string>;
  /** Returns what munged last answered, and asks anew if that was long ago. */
  last(): string;
}

/** Remembers whether credentials can be decoded on this machine. */
export function mungeState(unmunge: Pick<Unmunge, 'probe'>, now: () => number): MungeState {
  let state = 'off: munged has not been asked yet';
  let askedMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    askedMs = now();
    state = await unmunge.probe();
    asking = undefined;
    return state;
  }

  function askOnce(): Promise<string> {
    asking ??= ask();
    return asking;
  }

  return {
    ask: askOnce,
    last() {
      if (now() - askedMs >= KEEP_MS) void askOnce();
      return state;
    },
  };
}
