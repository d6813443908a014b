import type { Sight } from './caller.ts';

/** Whose a run is, as far as it is known. */
export interface Owner {
  readonly user?: string | null | undefined;
  readonly account?: string | null | undefined;
}

/** Returns whether somebody may see a run. Names are compared whole. */
export function isSeen(sight: Sight, { user, account }: Owner): boolean {
  if (sight === 'all' || sight.user === user) return true;
  return typeof account === 'string' && sight.accounts.includes(account);
}
