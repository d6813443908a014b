import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { existsSync, linkSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { OperatorError } from '../../../../src/domain/errors.ts';
import { lockDatabase } from '../../../../src/store/sqlite/file/lock.ts';
import { openSqlite } from '../../../../src/store/sqlite/open.ts';
import { temporaryFolder } from '../../../help/folder.ts';

const LOCK_TS = resolve(import.meta.dir, '../../../../src/store/sqlite/file/lock.ts');

/** Locks a database in another process until that is killed. The process prints `locked`, or its error. */
function lockElsewhere(path: string) {
  const script = `import { lockDatabase } from ${JSON.stringify(LOCK_TS)};
    try { lockDatabase(${JSON.stringify(path)}); console.log('locked'); await Bun.sleep(20_000); }
    catch (error) { console.log(error.name + ': ' + error.message); }`;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'inherit' });
  const reader = child.stdout.getReader();
  return {
    said: reader.read().then(({ value }) => new TextDecoder().decode(value).trim()),
    async kill() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}

async function saidElsewhere(path: string): Promise<string> {
  const other = lockElsewhere(path);
  const said = await other.said;
  await other.kill();
  return said;
}

test('a locked database is refused under every name, in this process and in another', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const lock = lockDatabase(path);
  mkdirSync(folder.file('sub'));
  symlinkSync('../a.db', folder.file('sub/symbolic.db'));
  linkSync(path, folder.file('hard.db'));
  for (const name of ['a.db', 'sub/../a.db', 'sub/symbolic.db', 'hard.db']) {
    const other = `${folder.path}/${name}`;
    expect(() => lockDatabase(other), name).toThrow(OperatorError);
    expect(await saidElsewhere(other), name).toContain(`Another hpc-observe already serves ${other}.`);
  }
  lock.release();
  expect(await saidElsewhere(folder.file('hard.db'))).toBe('locked');
});

test('a lock creates no file beside the database', async () => {
  using folder = temporaryFolder();
  const store = await openSqlite(folder.file('a.db'));
  for (const name of ['a.db-lock', 'a.db-shm']) rmSync(folder.file(name), { force: true });
  expect(await saidElsewhere(folder.file('a.db'))).toContain('already serves');
  expect(existsSync(folder.file('a.db-lock'))).toBe(false);
  await store.close();
});

test('a lock ends when its process ends in any way', async () => {
  using folder = temporaryFolder();
  const other = lockElsewhere(folder.file('a.db'));
  expect(await other.said).toBe('locked');
  expect(() => lockDatabase(folder.file('a.db'))).toThrow('already serves');
  await other.kill();
  lockDatabase(folder.file('a.db')).release();
});

test('only one of several processes that lock at the same time gets the lock', async () => {
  using folder = temporaryFolder();
  const others = Array.from({ length: 4 }, () => lockElsewhere(folder.file('a.db')));
  const said = await Promise.all(others.map((other) => other.said));
  for (const other of others) await other.kill();
  expect(said.filter((text) => text === 'locked')).toHaveLength(1);
  expect(said.filter((text) => text.includes('already serves'))).toHaveLength(3);
});

test('refusing a second lock in this process leaves the locks of the database in place', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openSqlite(path);
  expect(await openSqlite(path).catch(({ name }: Error) => name)).toBe('OperatorError');
  // SQLite's own lock of the open database: without it another process could leave WAL mode under it.
  const script = `import { Database } from 'bun:sqlite';
    const db = new Database(${JSON.stringify(path)});
    try { console.log(db.query('PRAGMA journal_mode = DELETE').get()); } catch (error) { console.log(error.code); }`;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' });
  expect(await new Response(child.stdout).text()).toBe('SQLITE_BUSY\n');
  await store.close();
});

test('a new database and its log are accessible to user and group only; an old one keeps its mode', async () => {
  using folder = temporaryFolder();
  const modeOf = (name: string) => (statSync(folder.file(name)).mode & 0o777).toString(8);
  const umask = process.umask(0o022);
  try {
    const store = await openSqlite(folder.file('a.db'));
    expect(['a.db', 'a.db-wal', 'a.db-shm'].map(modeOf)).toEqual(['640', '640', '640']);
    await store.close();
    process.umask(0o077);
    await (await openSqlite(folder.file('b.db'))).close();
    expect(modeOf('b.db')).toBe('600');
    process.umask(0o022);
    writeFileSync(folder.file('c.db'), '', { mode: 0o644 });
    await (await openSqlite(folder.file('c.db'))).close();
    expect(modeOf('c.db')).toBe('644');
  } finally {
    process.umask(umask);
  }
});

test('a database that a server of version 1.0.0 has locked is refused until that server ends', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const older = new Database(`${path}-lock`, { create: true, readwrite: true });
  older.run('PRAGMA locking_mode = EXCLUSIVE');
  older.run('BEGIN EXCLUSIVE');
  expect(await saidElsewhere(path)).toContain('already serves');
  older.close();
  lockDatabase(path).release();
  expect(existsSync(`${path}-lock`)).toBe(false);
  writeFileSync(`${path}-lock`, 'somebody else’s');
  lockDatabase(path).release();
  expect(existsSync(`${path}-lock`)).toBe(true);
});

test('refusing a database leaves no file behind', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('a.db'), 'this is a letter, not a database\n'.repeat(1000));
  expect(await openSqlite(folder.file('a.db')).catch(({ name }: Error) => name)).toBe('OperatorError');
  expect([...new Bun.Glob('*').scanSync(folder.path)]).toEqual(['a.db']);
});
