import { type Act, evidenceOf, type StoredAct } from '../../domain/policy/act.ts';
import type { Match } from '../../domain/policy/match.ts';
import { isSameStart } from '../../domain/policy/notice.ts';
import type { AuditEntry } from '../../domain/store/access.ts';
import type { PolicyStore } from '../../domain/store/policies.ts';
import type { Log } from '../../log.ts';
import type { CancelledRun } from '../../slurm/follow/cancel.ts';
import { sayError } from './ways.ts';

/** Whatever went wrong with what was measured, no more jobs than these are cancelled at once. */
const MAX_AT_ONCE = 50;

/**
 * Cancels a run if it still runs. Resolves to why there was nothing to cancel; rejects if that is not known.
 */
export type Cancel = (run: CancelledRun) => Promise<string | undefined>;

interface ActOptions {
  readonly store: Pick<PolicyStore, 'recordAct' | 'settleAct'>;
  /** Undefined if the command line does not allow it: acts are rehearsed. */
  readonly cancel: Cancel | undefined;
  readonly now: () => number;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly observe: (result: StoredAct['state']) => void;
}

/** Returns how acts are done: recorded with their evidence, and only then done. */
export function actor({ store, cancel, now, log, observe }: ActOptions) {
  async function rehearse(act: Act): Promise<void> {
    await store.recordAct({ ...act, timeMs: now(), state: 'rehearsed' });
    observe('rehearsed');
    log.info('job_would_be_cancelled', fieldsOf(act));
  }

  async function perform(act: Act, carryOut: Cancel): Promise<void> {
    const { id } = act.match;
    try {
      const reason = await carryOut(act.match);
      const state = reason === undefined ? 'done' : 'void';
      await store.settleAct(id, state, reason);
      observe(state);
      if (reason === undefined) log.info('job_cancelled', fieldsOf(act));
      else log.info('job_not_cancelled', { ...fieldsOf(act), reason });
    } catch (error) {
      await store.settleAct(id, 'failed', sayError(error));
      observe('failed');
      log.warn('job_not_cancelled', { ...fieldsOf(act), reason: sayError(error) });
    }
  }

  return {
    /** Does the acts, or rehearses them; `known` are earlier ones. */
    async act(acts: readonly Act[], known: readonly StoredAct[], signal: AbortSignal): Promise<void> {
      for (const act of acts.slice(0, MAX_AT_ONCE)) {
        if (signal.aborted) return;
        if (!cancel) {
          await rehearse(act);
          continue;
        }
        const { policy, match } = act;
        const entry: AuditEntry = {
          timeMs: now(),
          caller: policy,
          proof: 'policy',
          action: 'job_cancelled',
          subject: match.id,
          evidence: evidenceOf(act),
        };
        // A further try of the same act is the same entry.
        const isRecorded = known.some((one) => isOfRun(one, match) && one.state === 'failed');
        await store.recordAct({ ...act, timeMs: now(), state: 'begun' }, isRecorded ? undefined : entry);
        await perform(act, cancel);
      }
    },

    /** Ends what an earlier process had begun. Whether it was done, Slurm knows. */
    async finish(known: readonly StoredAct[]): Promise<boolean> {
      const begun = known.filter(({ state }) => state === 'begun');
      for (const act of begun) {
        if (cancel) await perform(act, cancel);
        else await store.settleAct(act.match.id, 'failed', 'The command line does not allow it any more.');
      }
      return begun.length > 0;
    },
  };
}

const isOfRun = ({ match }: StoredAct, { id, startTimeMs }: Match): boolean =>
  match.id === id && isSameStart(match.startTimeMs, startTimeMs);

const fieldsOf = ({ policy, match: { id, user, reasons, fromMs, toMs } }: Act) => ({
  policy,
  job: id,
  user,
  why: reasons.join(', '),
  from: new Date(fromMs).toISOString(),
  to: new Date(toMs).toISOString(),
});
