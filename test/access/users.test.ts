import { expect, test } from 'bun:test';
import { createUsers, parseGroups, parseName } from '../../src/access/users.ts';
import { OperatorError } from '../../src/domain/errors.ts';
import { ProgramFailed } from '../../src/program.ts';

const OWN = 999;

/** Users whom a directory of the test knows, and the programs that were run for them. */
async function startUsers(answer: (program: string, args: readonly string[]) => Promise<string>) {
  const calls: string[] = [];
  let nowMs = 0;
  const users = await createUsers({
    now: () => nowMs,
    ownUid: OWN,
    run(program, args) {
      calls.push([program, ...args].join(' '));
      return answer(program, args);
    },
  });
  calls.length = 0;
  return { users, calls, pass: (ms: number) => (nowMs += ms) };
}

const DIRECTORY: Record<string, string> = {
  'getent passwd 1000': 'alice:x:1000:1000:Alice,,,:/home/alice:/bin/sh\n',
  'id -Gnz -- alice': 'users\0domain users\0physics\0',
  [`getent passwd ${OWN}`]: 'hpc-observe:x:999:999::/:/sbin/nologin\n',
};
const fromDirectory = async (program: string, args: readonly string[]) => {
  const found = DIRECTORY[[program, ...args].join(' ')];
  if (found === undefined) throw new ProgramFailed('getent failed with exit code 2.', 2, '');
  return found;
};

test('a user has a name and groups, which are asked for once in some minutes', async () => {
  const { users, calls, pass } = await startUsers(fromDirectory);
  expect(await users.nameOf(1000)).toBe('alice');
  expect(await users.groupsOf('alice')).toEqual(['users', 'domain users', 'physics']);
  expect(users.nameOf(1000)).toBe('alice');
  expect(users.groupsOf('alice')).toEqual(['users', 'domain users', 'physics']);
  expect(calls).toEqual(['getent passwd 1000', 'id -Gnz -- alice']);
  pass(300_000);
  expect(await users.nameOf(1000)).toBe('alice');
  expect(calls).toHaveLength(3);
});

test('root and the own user are known without a program', async () => {
  const { users, calls } = await startUsers(fromDirectory);
  expect([users.nameOf(0), users.nameOf(OWN), users.own]).toEqual(['root', 'hpc-observe', 'hpc-observe']);
  expect(calls).toEqual([]);
});

test('a user without a name is called by the number', async () => {
  const { users } = await startUsers(fromDirectory);
  expect(await users.nameOf(4242)).toBe('uid-4242');
});

test('while the directory fails a user has neither name nor groups, and it is asked again after 10 s', async () => {
  let isDown = true;
  const { users, calls, pass } = await startUsers((program, args) =>
    isDown ? Promise.reject(new OperatorError('getent took too long.')) : fromDirectory(program, args),
  );
  expect(await users.nameOf(1000)).toBeUndefined();
  expect(await users.groupsOf('alice')).toEqual([]);
  isDown = false;
  expect(users.nameOf(1000)).toBeUndefined();
  expect(calls).toHaveLength(2);
  pass(10_000);
  expect(await users.nameOf(1000)).toBe('alice');
  expect(await users.groupsOf('alice')).toHaveLength(3);
});

test('those who ask at the same time share one program', async () => {
  const { users, calls } = await startUsers(fromDirectory);
  const names = await Promise.all(Array.from({ length: 50 }, () => users.nameOf(1000)));
  expect(new Set(names)).toEqual(new Set(['alice']));
  expect(calls).toHaveLength(1);
});

test('a directory that hangs holds no request for long, however many users ask', async () => {
  const hang = Promise.withResolvers<string>();
  const { users, calls } = await startUsers((program, args) =>
    args.includes(String(OWN)) ? fromDirectory(program, args) : hang.promise,
  );
  const names = Array.from({ length: 300 }, (_, index) => users.nameOf(1000 + index));
  const startedMs = performance.now();
  expect(await names.at(-1)).toBeUndefined();
  expect(await names[10]).toBeUndefined();
  expect(performance.now() - startedMs).toBeLessThan(4000);
  expect(calls).toHaveLength(4);
  hang.reject(new Error('killed'));
  expect(await names[0]).toBeUndefined();
});

test('a line that is not of the user is no answer', () => {
  expect(parseName('alice:x:1000:1000::/:/bin/sh\n', 1000)).toBe('alice');
  expect(parseName('alice:x:1001:1000::/:/bin/sh\n', 1000)).toBeUndefined();
  expect(parseName('bad output', 1000)).toBeUndefined();
  expect(parseName(':x:1000:', 1000)).toBeUndefined();
  expect(parseName('', 1000)).toBe('uid-1000');
});

test('a name of a group may contain blanks', () => {
  expect(parseGroups('a\0domain users\0')).toEqual(['a', 'domain users']);
  expect(parseGroups('')).toEqual([]);
});

test('the users of this machine are found with its own programs', async () => {
  const users = await createUsers({ now: () => 0 });
  expect(await users.nameOf(1)).toMatch(/^[a-z_-]+$/);
  expect(await users.nameOf(3_999_999_999)).toBe('uid-3999999999');
  expect(await users.groupsOf('root')).toContain('root');
  expect(await users.groupsOf('no such user')).toEqual([]);
  expect(await users.groupsOf('-h')).toEqual([]);
});
