import { expect, test } from 'bun:test';
import { firstOf, identifier, whereShown } from '../../src/access/identify.ts';
import type { Arrival, Way } from '../../src/access/way.ts';
import type { Identity } from '../../src/domain/caller.ts';
import { unauthorized } from '../../src/domain/errors.ts';

const ALICE: Identity = { name: 'alice', proof: 'kernel', isLocal: true };
const BOB: Identity = { name: 'bob', proof: 'token', isLocal: false };

const arrival = (headers: Record<string, string> = {}, pathToken?: string): Arrival => ({
  request: new Request('http://localhost/', { headers }),
  peer: undefined,
  pathToken,
});
const nameOf = async (ways: readonly Way[], from = arrival()) => {
  const identify = identifier({ ways, callerOf: (identity) => ({ identity, role: 'user', sight: 'all' }) });
  return (await identify(from)).identity?.name;
};

const nothing: Way = () => undefined;
const later =
  (way: Way): Way =>
  async (from) =>
    way(from);

test('the first way that finds somebody decides, whether it answers at once or later', async () => {
  const alice: Way = () => ALICE;
  const bob: Way = () => BOB;
  expect(await nameOf([nothing, alice, bob])).toBe('alice');
  expect(await nameOf([later(nothing), later(alice), bob])).toBe('alice');
  expect(await nameOf([later(nothing), nothing, later(nothing), bob])).toBe('bob');
  expect(await nameOf([nothing, later(nothing)])).toBeUndefined();
  expect(await nameOf([])).toBeUndefined();
});

test('after a stranger no other way is tried', async () => {
  const stranger: Way = () => 'stranger';
  const alice: Way = () => ALICE;
  expect(await nameOf([stranger, alice])).toBeUndefined();
  expect(await nameOf([later(stranger), alice])).toBeUndefined();
  expect(await nameOf([firstOf([nothing, stranger]), alice])).toBeUndefined();
});

test('after a credential that is not valid no other way is tried', async () => {
  const refuse: Way = () => {
    throw unauthorized('No.');
  };
  const alice: Way = () => ALICE;
  await expect(nameOf([refuse, alice])).rejects.toThrow('No.');
  await expect(nameOf([later(refuse), alice])).rejects.toThrow('No.');
  await expect(nameOf([later(nothing), refuse, alice])).rejects.toThrow('No.');
});

test('ways of secrets are tried for requests that show one: in a header, whatever its case, or in the path', () => {
  let tries = 0;
  const way = whereShown(
    ['authorization', 'X-Remote-User'],
    [
      () => {
        tries++;
        return BOB;
      },
    ],
  );
  expect([way(arrival()), way(arrival({ cookie: 'a=b' })), tries]).toEqual([undefined, undefined, 0]);
  const shown = [arrival({ Authorization: '' }), arrival({ 'x-remote-user': 'x' }), arrival({}, 'hpo_')];
  expect(shown.map(way)).toEqual([BOB, BOB, BOB]);
});
