import type { NoticeWriteFields } from '../../writer/notice-writes.ts';
import type { NoticeWriter } from '../notices/write.ts';

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
