import type { Thresholds } from '../../domain/finding/thresholds.ts';
import type { StoredAct } from '../../domain/policy/act.ts';
import { isWorkday, weekOfDigest } from '../../domain/policy/calendar.ts';
import { decide } from '../../domain/policy/decide.ts';
import { lookMemory } from '../../domain/policy/look-memory.ts';
import { DIGEST } from '../../domain/policy/notice.ts';
import type { PolicyFile } from '../../domain/policy/policy.ts';
import { createTold, type Told, type ToldRows } from '../../domain/policy/told.ts';
import type { PolicyStore } from '../../domain/store/policies.ts';
import type { Upkeep } from '../../domain/store/upkeep.ts';
import type { Log } from '../../log.ts';
import { actor, type Cancel } from './acts.ts';
import { type DigestStore, writeDigests } from './digests.ts';
import { type LookStore, lookAtEnded, lookAtRunning } from './look.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** Jobs that ended are looked at this often: their policies speak of days. */
const ENDED_EVERY_MS = HOUR_MS;
/** The longest window of a policy, and some days more. */
const TOLD_MS = 100 * DAY_MS;
const ACTS_MS = 31 * DAY_MS;
const MAX_ACTS = 10_000;
const LAST_ENDED = 'policies_ended_ms';
const LAST_DIGEST = 'digest_until_ms';

export type TickStore = LookStore & DigestStore & PolicyStore & Pick<Upkeep, 'readState' | 'saveState'>;

export interface TickOptions {
  readonly file: () => PolicyFile;
  readonly store: TickStore;
  readonly thresholds: Thresholds;
  readonly coordinatorsOf: (account: string) => readonly string[];
  /** Undefined if jobs are not cancelled. */
  readonly cancel: Cancel | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly observeAct: (result: StoredAct['state']) => void;
}

interface Looked {
  readonly file: PolicyFile;
  readonly nowMs: number;
  readonly told: Told;
}

/**
 * Returns a function that looks at all jobs once, and stores whom policies tell and what they do. All that it
 * keeps between calls is which jobs need not be read again yet, so that a restart changes nothing.
 */
export function policyTick(options: TickOptions) {
  const { store, thresholds, coordinatorsOf, cancel, now, log, observeAct } = options;
  const { act, finish } = actor({ store, cancel, now, log, observe: observeAct });
  const memory = lookMemory();
  let isStart = true;

  /** Reads what was told, after times have been put right that a clock ahead of this one left. */
  async function readTold(nowMs: number): Promise<ToldRows> {
    const told = await store.readTold(nowMs - TOLD_MS);
    const isAhead = told.last.some(({ timeMs, untilMs }) => timeMs > nowMs || untilMs > nowMs);
    if (!isStart && !isAhead) return told;
    await store.steadyNotices(nowMs, isStart);
    isStart = false;
    return store.readTold(nowMs - TOLD_MS);
  }

  /** Ended jobs are looked at when an hour has passed, or the clock went back. */
  async function isEndedDue(nowMs: number): Promise<boolean> {
    const lastMs = await store.readState(LAST_ENDED);
    return lastMs === undefined || nowMs - lastMs >= ENDED_EVERY_MS || nowMs < lastMs;
  }

  async function look(file: PolicyFile, nowMs: number, isEnded: boolean, signal: AbortSignal) {
    const isOn = isWorkday(nowMs, file);
    const policies = file.policies.filter(({ workdaysOnly }) => isOn || !workdaysOnly);
    const looks = { store, thresholds, nowMs, signal };
    const running = await lookAtRunning(
      policies.filter(({ looksAt }) => looksAt === 'running'),
      { ...looks, memory },
    );
    const past = isEnded ? policies.filter(({ looksAt }) => looksAt === 'ended') : [];
    const longestMs = Math.max(0, ...past.map(({ windowMs }) => windowMs));
    const { matches: ended } = await lookAtEnded(past, nowMs - longestMs, looks);
    return new Map([...running, ...ended]);
  }

  async function writeDigest({ file, nowMs, told }: Looked, signal: AbortSignal): Promise<void> {
    const { digest: rules, timeZone } = file;
    if (!rules) return;
    const week = weekOfDigest(nowMs, { timeZone, ...rules });
    const lastMs = await store.readState(LAST_DIGEST);
    // A clock that was ahead by days has told of this week and later ones; one ahead by more does not count.
    if (lastMs !== undefined && week.untilMs <= lastMs && lastMs <= nowMs + WEEK_MS) return;
    // After many jobs were imported, their sums follow.
    if (await store.areTalliesBehind()) return;
    await writeDigests(week, { store, rules, thresholds, coordinatorsOf, nowMs, told, signal });
    await store.saveState(LAST_DIGEST, week.untilMs);
  }

  return async (signal: AbortSignal): Promise<void> => {
    const file = options.file();
    const nowMs = now();
    const told = createTold(await readTold(nowMs));
    let acts = await store.listActs(nowMs - ACTS_MS, MAX_ACTS);
    if (await finish(acts)) acts = await store.listActs(nowMs - ACTS_MS, MAX_ACTS);
    const isEnded = await isEndedDue(nowMs);
    const decision = decide({
      policies: file.policies,
      matches: await look(file, nowMs, isEnded, signal),
      told,
      acts,
      mayAct: cancel !== undefined,
      coordinatorsOf,
      timeZone: file.timeZone,
      holidays: file.holidays,
      nowMs,
    });
    if (decision.notices.length > 0) {
      await store.recordNotices(decision.notices);
      log.info('policies_told', { notices: decision.notices.length });
    }
    if (isEnded) await store.saveState(LAST_ENDED, nowMs);
    await act(decision.acts, acts, signal);
    await writeDigest({ file, nowMs, told }, signal).catch((cause) => {
      if (!signal.aborted) log.warn('digest_failed', { policy: DIGEST, cause });
    });
  };
}
