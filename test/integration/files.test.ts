import { expect, test } from 'bun:test';
import { chmodSync, chownSync, linkSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { EXECUTABLE, runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { testWith } from '../help/tool.ts';

const NOBODY = 65_534;

/** Returns the statuses of a write, a health check and a scrape. */
async function statusesOf(url: string, id: string): Promise<number[]> {
  const created = await fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, user: 'u', nodes: ['n'] }),
  });
  return [created.status, (await fetch(`${url}/v1/health`)).status, (await fetch(`${url}/metrics`)).status];
}

/** Returns the events that were logged at a level. */
const loggedAt = (level: string, errors: string): string[] =>
  errors
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((line) => line.level === level)
    .map(({ event, message }) => `${event}: ${message}`);

test('no write is acknowledged while the database is moved away, and the log reports its loss and return once', async () => {
  using folder = temporaryFolder();
  await using server = await serve({ folder: folder.path });
  const path = folder.file('hpc-observe.db');
  renameSync(path, folder.file('moved.db'));
  for (const id of ['a', 'b']) expect((await statusesOf(server.url, id)).slice(0, 2)).toEqual([503, 503]);
  renameSync(folder.file('moved.db'), path);
  expect(await statusesOf(server.url, 'c')).toEqual([201, 200, 200]);
  expect(await server.stop()).toBe(0);
  expect(loggedAt('error', server.errors())).toEqual([
    expect.stringMatching(
      /^database_lost: .*hpc-observe\.db was removed or renamed while it was open.*restore a copy\.$/,
    ),
  ]);
  expect(loggedAt('info', server.errors())[0]).toMatch(
    /^database_back: .*hpc-observe\.db is back; writes are stored again\.$/,
  );
});

test('a database that is moved into the place of the open one is left as it is', async () => {
  using folder = temporaryFolder();
  using other = temporaryFolder();
  {
    await using server = await serve({ folder: other.path });
    expect(await statusesOf(server.url, 'of another')).toEqual([201, 200, 200]);
    await server.stop();
  }
  await using server = await serve({ folder: folder.path });
  expect(await statusesOf(server.url, 'ours')).toEqual([201, 200, 200]);
  renameSync(other.file('hpc-observe.db'), folder.file('hpc-observe.db'));
  for (const id of ['a', 'b']) expect((await statusesOf(server.url, id)).slice(0, 2)).toEqual([503, 503]);
  await server.stop('SIGKILL');
  await using again = await serve({ folder: folder.path });
  const { jobs } = (await (await fetch(`${again.url}/v1/jobs`)).json()) as { jobs: { id: string }[] };
  expect(jobs.map(({ id }) => id)).toEqual(['of another']);
});

const testAsNobody = process.getuid?.() === 0 ? testWith(['setpriv']) : test.skip;
testAsNobody(
  'a database that its user can no longer read makes writes and health answer 503 until it can',
  async () => {
    using folder = temporaryFolder();
    chownSync(folder.path, NOBODY, NOBODY);
    const asNobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', EXECUTABLE];
    await using server = await serve({ folder: folder.path, command: asNobody });
    const path = folder.file('hpc-observe.db');
    expect((statSync(path).mode & 0o777).toString(8)).toBe('640');
    chmodSync(path, 0o000);
    expect((await statusesOf(server.url, 'a')).slice(0, 2)).toEqual([503, 503]);
    chmodSync(path, 0o640);
    expect(await statusesOf(server.url, 'b')).toEqual([201, 200, 200]);
  },
);

test('a database that is open cannot be served or imported into under any of its names', async () => {
  using folder = temporaryFolder();
  await using server = await serve({ folder: folder.path });
  symlinkSync('hpc-observe.db', folder.file('symbolic.db'));
  linkSync(folder.file('hpc-observe.db'), folder.file('hard.db'));
  rmSync(folder.file('hpc-observe.db-lock'), { force: true });
  await Bun.write(folder.file('sacct.txt'), 'JobIDRaw|State\n');
  const commands = (name: string) => [
    ['serve', '--port', '0', '--database', name],
    ['slurm', 'import', '--file', 'sacct.txt', '--database', name],
  ];
  for (const name of ['hpc-observe.db', 'symbolic.db', 'hard.db']) {
    for (const args of commands(name)) {
      const { exitCode, stderr } = await runExecutable(args, { folder: folder.path });
      expect(exitCode, args.join(' ')).toBe(1);
      expect(stderr, args.join(' ')).toContain(name);
    }
  }
  expect((await fetch(`${server.url}/v1/health`)).status).toBe(200);
  await server.stop('SIGKILL');
  await using again = await serve({ folder: folder.path, args: ['--database', 'symbolic.db'] });
  expect((await fetch(`${again.url}/v1/health`)).status).toBe(200);
});
