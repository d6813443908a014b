import { isSameStart } from './notice.ts';
import type { Audience } from './policy.ts';

/** Somebody whom a policy tells. */
export interface Recipient {
  readonly policy: string;
  readonly audience: Audience;
  readonly name: string;
}

/** The latest notice of a policy to somebody. */
export interface LastNotice extends Recipient {
  readonly timeMs: number;
  readonly untilMs: number;
}

/** The latest notice of a policy to somebody about a job. */
export interface ToldRun extends Recipient {
  readonly job: string;
  readonly startMs: number;
  readonly timeMs: number;
  /** Whether it reached somebody: sent in one way at least, or meant for the page alone. */
  readonly isDelivered: boolean;
}

/** What was told before, as it is stored. */
export interface ToldRows {
  readonly last: readonly LastNotice[];
  readonly runs: readonly ToldRun[];
}

/** What was told before, for questions. */
export interface Told {
  last(recipient: Recipient): LastNotice | undefined;
  /** Returns the notice about a run. */
  ofRun(recipient: Recipient, job: string, startMs: number): ToldRun | undefined;
}

const keyOf = ({ policy, audience, name }: Recipient, job = ''): string =>
  JSON.stringify([policy, audience, name, job]);

/** Returns how to look up what was told. */
export function createTold({ last, runs }: ToldRows): Told {
  const byRecipient = new Map(last.map((row) => [keyOf(row), row]));
  const byRun = new Map(runs.map((row) => [keyOf(row, row.job), row]));
  return {
    last: (recipient) => byRecipient.get(keyOf(recipient)),
    ofRun(recipient, job, startMs) {
      const found = byRun.get(keyOf(recipient, job));
      return found && isSameStart(found.startMs, startMs) ? found : undefined;
    },
  };
}
