import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import type { Checkup } from '../../src/domain/checkup.ts';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { countAnswered, findLosses, type Ledger, writeUntil } from '../help/load.ts';

const run = (folder: string, ...line: string[]) => runExecutable(line, { folder });

/** The rows of every table, hashed one by one. */
function rowsOf(path: string): Record<string, string> {
  using db = new Database(path, { readonly: true });
  const tables = db.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return Object.fromEntries(
    tables.map(({ name }) => {
      const rows = db.query(`SELECT * FROM "${name}"`).values();
      return [
        name,
        `${rows.length} rows, ${Bun.hash(Bun.inspect(rows.map((row) => Bun.hash(Bun.inspect(row)))))}`,
      ];
    }),
  );
}

test('a backup under load has all that was answered before, and a restore brings it back row by row', async () => {
  using folder = temporaryFolder();
  await using server = await serve({ folder: folder.path });
  const early: Ledger = new Map();
  const untilMs = Date.now() + 1500;
  await writeUntil(() => Date.now() > untilMs, { url: server.url, ledger: early, name: 'early' });

  let isOver = false;
  const late: Ledger = new Map();
  const writing = writeUntil(() => isOver, { url: server.url, ledger: late, name: 'late' });
  const copied = await run(folder.path, 'backup', 'copy.db', '--rate', '5');
  isOver = true;
  await writing;
  expect(copied).toMatchObject({ exitCode: 0, stderr: '' });
  expect(copied.stdout).toMatch(/^copy\.db: \d+ jobs, [\d.]+ [KM]B, verified, in \d/);
  expect((await run(folder.path, 'backup', 'copy.db')).stderr).toContain('add --replace');
  expect((await run(folder.path, 'restore', 'copy.db')).stderr).toContain('Stop it first');
  for (const line of [['check'], ['check', '--database', 'copy.db']])
    expect(await run(folder.path, ...line)).toMatchObject({ exitCode: 0, stderr: '' });
  await server.stop();

  const rows = rowsOf(folder.file('copy.db'));
  const restored = await run(folder.path, 'restore', 'copy.db');
  expect(restored).toMatchObject({ exitCode: 0, stderr: '' });
  expect(restored.stdout).toMatch(/The old database is .*\.before-\S+; delete it/);
  expect(rowsOf(folder.file('hpc-observe.db'))).toEqual(rows);
  await using again = await serve({ folder: folder.path });
  expect(countAnswered(early).jobs).toBeGreaterThan(10);
  expect(await findLosses(again.url, early)).toEqual([]);
  await again.stop();

  using db = new Database(folder.file('hpc-observe.db'));
  db.run('UPDATE job_count SET jobs = jobs + 1 WHERE node = 0 AND user = 0');
  const checked = await run(folder.path, 'check');
  expect(checked.exitCode).toBe(1);
  expect(checked.stdout).toMatch(
    /^damaged\s+counts: \d+ jobs\n\s+jobs by state, state \d: \d+ are kept, \d+ are counted/m,
  );
  expect(readdirSync(folder.path).filter((name) => /partial|restored/.test(name))).toEqual([]);
}, 60_000);

test('doctor judges what is there, and its exit code says whether something is wrong', async () => {
  using folder = temporaryFolder();
  const options = ['--slurm', 'off', '--json'];
  const away = await run(folder.path, 'doctor', '--port', '1', ...options);
  expect(away.exitCode).toBe(1);
  const { what, advice } = (JSON.parse(away.stdout) as Checkup[]).find(({ status }) => status === 'wrong')!;
  expect(what).toContain('No service answers at http://127.0.0.1:1');
  expect(advice).toContain('journalctl');

  await using server = await serve({ folder: folder.path });
  const here = await run(folder.path, 'doctor', '--server', server.url, ...options);
  const checkups = JSON.parse(here.stdout) as Checkup[];
  expect(checkups.map((checkup) => checkup.what).join('\n')).toMatch(
    /settings are valid.*has the version of this executable.* left, and the database.*The service answers, and knows/s,
  );
  // The clock of a machine for tests may follow nobody.
  const wrong = checkups.filter((checkup) => checkup.status === 'wrong' && !/clock/.test(checkup.what));
  expect(wrong).toEqual([]);
});
