import { expect, test } from 'bun:test';
import type { Caller, Role, Sight } from '../../../src/domain/caller.ts';
import { narrowTo } from '../../../src/domain/clusters/narrow.ts';

const caller = (name: string, role: Role, sight: Sight | undefined): Caller => ({
  identity: { name, proof: 'token', isLocal: false },
  role,
  sight,
});
const OWN = { user: 'alice', accounts: [] };

test.each<[asker: Role, asksAll: boolean, user: Role, seen: Sight | undefined, role: Role | undefined]>([
  ['viewer', true, 'user', OWN, 'user'],
  ['viewer', true, 'viewer', 'all', 'viewer'],
  // Whoever may only read cannot gain more by naming an administrator.
  ['viewer', true, 'admin', 'all', 'viewer'],
  ['admin', true, 'admin', 'all', 'viewer'],
  ['viewer', true, 'ingest', undefined, 'ingest'],
  ['user', false, 'user', undefined, undefined],
  ['user', true, 'user', undefined, undefined],
  ['ingest', false, 'user', undefined, undefined],
])('a %s who sees all (%p) reads for a %s', (asker, asksAll, user, seen, role) => {
  const service = caller('beta', asker, asksAll ? 'all' : asker === 'ingest' ? undefined : OWN);
  const sight = user === 'user' ? OWN : user === 'ingest' ? undefined : 'all';
  const found = narrowTo(service, caller('alice', user, sight));
  expect([found?.role, found?.sight]).toEqual([role, seen]);
  if (found) expect(found.identity?.name).toBe('alice');
});
