import { expect, test } from 'bun:test';
import { ANYBODY, type Caller, NOBODY } from '../../../src/domain/caller.ts';
import { unauthorized } from '../../../src/domain/errors.ts';
import { startService } from '../../help/service.ts';

const RECEPTION = { cluster: 'alpha', ways: [{ way: 'munge', state: 'on' }] };

const ALICE: Caller = {
  identity: { name: 'alice', uid: 1000, proof: 'kernel', isLocal: true },
  role: 'user',
  sight: { user: 'alice', accounts: ['physics'] },
};
const NODE: Caller = {
  identity: { name: 'root', uid: 0, proof: 'munge', isLocal: false },
  role: 'ingest',
  sight: undefined,
};

async function ask(caller: Caller) {
  await using service = await startService({ identify: () => caller });
  const { status, json } = await service.send('GET', '/v1/whoami');
  return { status, json };
}

test('a user is told name, role and sight, and that the kernel knows', async () => {
  expect(await ask(ALICE)).toEqual({
    status: 200,
    json: {
      name: 'alice',
      uid: 1000,
      role: 'user',
      proof: 'kernel',
      sees: 'own',
      accounts: ['physics'],
      why: 'The kernel of this machine says that the connection belongs to alice, uid 1000.',
      ...RECEPTION,
    },
  });
});

test('the agent of a node is told that it reads nothing', async () => {
  expect((await ask(NODE)).json).toEqual({
    name: 'root',
    uid: 0,
    role: 'ingest',
    proof: 'munge',
    sees: 'none',
    why: 'A MUNGE credential proves root, uid 0.',
    ...RECEPTION,
  });
});

test('nobody is answered too, with what to do', async () => {
  expect(await ask(NOBODY)).toEqual({
    status: 200,
    json: { sees: 'none', why: expect.stringContaining('send a token'), ...RECEPTION },
  });
});

test('in a service that is open to everybody, everybody sees all', async () => {
  expect((await ask(ANYBODY)).json).toMatchObject({
    role: 'admin',
    proof: 'open',
    sees: 'all',
    why: 'The service is open to everybody (--open).',
  });
});

test('a credential that is not valid is 401 with the reason', async () => {
  await using service = await startService({
    identify: () => {
      throw unauthorized('The MUNGE credential has expired.');
    },
  });
  const { status, json } = await service.send('GET', '/v1/whoami');
  expect([status, json.message]).toEqual([401, 'The MUNGE credential has expired.']);
});
