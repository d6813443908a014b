import { decide, type PolicyMatches } from './decide.ts';
import type { NewNotice } from './notice.ts';
import type { Policy, PolicyFile } from './policy.ts';
import { createTold } from './told.ts';

/** Whom a policy would have reached. */
export interface PolicyTrial {
  readonly policy: Policy;
  readonly notices: readonly NewNotice[];
}

export interface Trial {
  readonly policies: readonly PolicyTrial[];
  /** Whether there was no time for all jobs: the newest were looked at. */
  readonly isPartial: boolean;
}

/** What a file makes of jobs of the past, for an administrator. Nothing of it is stored or sent. */
export interface TrialRequest {
  /** For messages. */
  readonly name: string;
  readonly text: string;
  readonly sinceMs: number;
}

/** Returns a policy as a trial looks at it: at all of the time at once, whatever was told before. */
export const forTrial = (policy: Policy, sinceMs: number, nowMs: number): Policy => {
  const { after: _, ...rest } = policy;
  return { ...rest, windowMs: nowMs - sinceMs, workdaysOnly: false };
};

/** Decides whom policies would have reached, from all matches since a time. */
export function decideTrial(
  file: PolicyFile,
  matches: ReadonlyMap<string, PolicyMatches>,
  { sinceMs, nowMs, coordinatorsOf }: TrialTimes,
): PolicyTrial[] {
  return file.policies.map((policy) => ({
    policy,
    notices: decide({
      policies: [{ ...forTrial(policy, sinceMs, nowMs), act: false }],
      matches,
      told: createTold({ last: [], runs: [] }),
      acts: [],
      mayAct: false,
      coordinatorsOf,
      timeZone: file.timeZone,
      holidays: [],
      nowMs,
    }).notices,
  }));
}

interface TrialTimes {
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly coordinatorsOf: (account: string) => readonly string[];
}
