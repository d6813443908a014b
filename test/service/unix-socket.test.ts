import { expect, test } from 'bun:test';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { Elysia } from 'elysia';
import { listen, peerOf } from '../../src/service/listen.ts';
import type { UnixListener } from '../../src/settings/listener.ts';
import { temporaryFolder } from '../help/folder.ts';
import { testAsRoot } from '../help/tool.ts';

const rootTest = testAsRoot();

const listenerAt = (path: string, more: Partial<UnixListener> = {}): UnixListener => ({
  kind: 'unix',
  path,
  mode: 0o600,
  group: undefined,
  ...more,
});
const createApp = () => new Elysia().get('/', () => 'hello');
const ask = async (path: string) => (await fetch('http://localhost/', { unix: path })).text();

test('a socket has its permissions, answers, and is gone after the stop', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.sock');
  const server = await listen(createApp(), listenerAt(path, { mode: 0o640 }));
  expect((statSync(path).mode & 0o777).toString(8)).toBe('640');
  expect(await ask(path)).toBe('hello');
  await server.stop(true);
  expect(existsSync(path)).toBe(false);
});

rootTest('a socket gets its group, and an unknown group is refused', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.sock');
  const server = await listen(createApp(), listenerAt(path, { mode: 0o660, group: 'daemon' }));
  const { gid, mode } = statSync(path);
  expect([gid, (mode & 0o777).toString(8)]).toEqual([1, '660']);
  await server.stop(true);
  await expect(listen(createApp(), listenerAt(path, { group: 'nosuchgroup' }))).rejects.toThrow(
    'There is no group nosuchgroup',
  );
  expect(existsSync(path)).toBe(false);
});

test('the socket that a killed service left behind is replaced', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.sock');
  const child = Bun.spawn([
    process.execPath,
    '-e',
    `Bun.serve({ unix: '${path}', fetch: () => new Response() })`,
  ]);
  while (!existsSync(path)) await Bun.sleep(10);
  child.kill('SIGKILL');
  await child.exited;
  expect(existsSync(path)).toBe(true);
  const server = await listen(createApp(), listenerAt(path));
  expect(await ask(path)).toBe('hello');
  await server.stop(true);
});

test('a socket on which another program listens, and another file, stay as they are', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.sock');
  const server = await listen(createApp(), listenerAt(path));
  await expect(listen(createApp(), listenerAt(path))).rejects.toThrow('Another program listens on');
  expect(await ask(path)).toBe('hello');
  await server.stop(true);
  writeFileSync(path, 'mine');
  await expect(listen(createApp(), listenerAt(path))).rejects.toThrow('exists and is no socket');
  expect(existsSync(path)).toBe(true);
});

test('a folder that does not exist is explained', async () => {
  await expect(listen(createApp(), listenerAt('/nosuchfolder/a.sock'))).rejects.toThrow(
    /^Cannot listen on \/nosuchfolder\/a\.sock: there is no such file or folder\.$/,
  );
});

test('a caller at a socket has the path of the socket and no name', () => {
  expect(peerOf(listenerAt('/run/a.sock'), new Request('http://a/'), null)).toEqual({
    kind: 'unix',
    path: '/run/a.sock',
  });
});
