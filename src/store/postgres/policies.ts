import { AppError } from '../../domain/errors.ts';
import type { PolicyStore } from '../../domain/store/policies.ts';

/** Rejects what this engine does not store yet. */
export const notStored = async (): Promise<never> => {
  throw new AppError('unavailable', 'What policies tell and do is not stored in PostgreSQL yet.');
};

/** What policies told and did: nothing yet. */
export const NO_POLICIES: PolicyStore = {
  recordNotices: notStored,
  readTold: notStored,
  steadyNotices: notStored,
  listDue: notStored,
  claimDelivery: notStored,
  settleDelivery: notStored,
  listNotices: notStored,
  recordAct: notStored,
  settleAct: notStored,
  listActs: notStored,
  saveDigestWish: notStored,
  listDigestRefusals: notStored,
  readLinkSecret: notStored,
};
