import type { ActState, StoredAct } from '../../../domain/policy/act.ts';
import type { NewNotice } from '../../../domain/policy/notice.ts';
import type { AuditEntry } from '../../../domain/store/access.ts';
import type { Delivery, DeliveryOutcome } from '../../../domain/store/policies.ts';
import type { NoticeWriter } from '../notices/write.ts';

/** What the writes of policies carry, as `WriteFields` has the others. */
export interface NoticeWriteFields {
  readonly recordNotices: { readonly notices: readonly NewNotice[] };
  readonly steadyNotices: { readonly nowMs: number; readonly isStart: boolean };
  readonly claimDelivery: { readonly notice: number; readonly way: Delivery['way'] };
  readonly settleDelivery: {
    readonly notice: number;
    readonly way: Delivery['way'];
    readonly outcome: DeliveryOutcome;
  };
  readonly recordAct: { readonly act: StoredAct; readonly entry?: AuditEntry | undefined };
  readonly settleAct: {
    readonly job: string;
    readonly state: ActState;
    readonly error?: string | undefined;
  };
  readonly saveDigestWish: { readonly user: string; readonly isWanted: boolean; readonly nowMs: number };
}

type Apply<Kind extends keyof NoticeWriteFields, Value> = (
  writers: { readonly notices: NoticeWriter },
  fields: NoticeWriteFields[Kind],
) => Value;

const apply = <Kind extends keyof NoticeWriteFields, Value>(_: Kind, apply: Apply<Kind, Value>) => apply;

/** How the writes of policies are applied. */
export const NOTICE_APPLIES = {
  recordNotices: apply('recordNotices', ({ notices: writer }, { notices }) => writer.record(notices)),
  steadyNotices: apply('steadyNotices', ({ notices }, { nowMs, isStart }) => notices.steady(nowMs, isStart)),
  claimDelivery: apply('claimDelivery', ({ notices }, { notice, way }) => notices.claim(notice, way)),
  settleDelivery: apply('settleDelivery', ({ notices }, { notice, way, outcome }) =>
    notices.settle(notice, way, outcome),
  ),
  recordAct: apply('recordAct', ({ notices }, { act, entry }) => notices.recordAct(act, entry)),
  settleAct: apply('settleAct', ({ notices }, { job, state, error }) => notices.settleAct(job, state, error)),
  saveDigestWish: apply('saveDigestWish', ({ notices }, { user, isWanted, nowMs }) =>
    notices.saveDigestWish(user, isWanted, nowMs),
  ),
};
