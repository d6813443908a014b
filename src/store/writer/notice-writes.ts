import type { ActState, StoredAct } from '../../domain/policy/act.ts';
import type { NewNotice } from '../../domain/policy/notice.ts';
import type { AuditEntry } from '../../domain/store/access.ts';
import type { Delivery, DeliveryOutcome } from '../../domain/store/policies.ts';

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
