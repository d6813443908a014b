import type { Caller } from '../caller.ts';

/**
 * Returns the caller as whom a service reads for one of its users, named by it: never with more rights than
 * `user` has here by that name, and without those to change anything. Undefined if `asker`, the service, may
 * not read everything itself: its own jobs must not be shown as those of another.
 */
export function narrowTo(asker: Caller, user: Caller): Caller | undefined {
  if (asker.sight !== 'all' || (asker.role !== 'viewer' && asker.role !== 'admin')) return undefined;
  const role = user.role === 'admin' ? 'viewer' : user.role;
  return {
    ...user,
    role,
    roleWhy: `${asker.identity?.name ?? 'another service'} reads for the user; ${user.roleWhy ?? 'no setting names them'}`,
  };
}
