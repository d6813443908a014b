import { Database } from 'bun:sqlite';
import { afterAll, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import type { Checked } from '../../src/domain/checked.ts';
import { COPIED_TABLES, OTHER_TABLES, SQLITE_COUNTERS } from '../../src/store/copy/tables.ts';
import { openPostgres } from '../../src/store/postgres/open.ts';
import { copyReader } from '../../src/store/sqlite/copy/read.ts';
import { openSqlite } from '../../src/store/sqlite/open.ts';
import { NOON_MS } from '../help/clock.ts';
import { EXECUTABLE, runExecutable } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { fillDatabase } from '../help/full-database.ts';
import { hasPostgres, type PostgresServer, startPostgres } from '../help/postgres.ts';
import { listReadings } from '../help/readings.ts';

const started = hasPostgres() ? startPostgres() : undefined;
afterAll(async () => (await started)?.[Symbol.asyncDispose]());
const testServer = started ? test : test.skip;

const JOBS = 20_000;
const TIMEOUT_MS = 120_000;
const MANY_MS = 300_000;

type Rows = Record<string, readonly unknown[]>;

/** All rows of a file, those of the log as samples. */
async function rowsOf(path: string): Promise<Rows> {
  using db = new Database(path, { readonly: true });
  const rows: Rows = {};
  for (const { name } of db
    .query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()) {
    if (name === 'log' || (name in OTHER_TABLES.sqlite && name !== 'chunk_point')) continue;
    const columns = db
      .query<{ name: string }, [string]>('SELECT name FROM pragma_table_xinfo(?)')
      .all(name)
      // The log of the copy begins anew.
      .filter((column) => !(name === 'usage' && column.name === 'sealed'));
    const where = name === 'counter' ? `WHERE name NOT IN ('${SQLITE_COUNTERS.join("', '")}')` : '';
    rows[name] = db
      .query(`SELECT ${columns.map((column) => `"${column.name}"`).join()} FROM "${name}" ${where}`)
      .values();
  }
  const reader = copyReader(db);
  const log = COPIED_TABLES.find(({ name }) => name === 'log')!;
  const pages = await Array.fromAsync(reader.pages(log, await reader.columnsOf(log)));
  rows.log = pages.flatMap((page) => page.rows);
  rows.numbers = db
    .query("SELECT name, seq FROM sqlite_sequence WHERE name IN ('job', 'audit', 'notice') ORDER BY name")
    .values();
  return rows;
}

/** Waits until a condition holds. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + 60_000; !(await holds().catch(() => false)); await Bun.sleep(5))
    if (Date.now() > endMs) throw new Error(`${what} never came.`);
}

/**
 * Starts a copy, lets it wait for a table of the server in the middle, and kills it there. `hasCopied` says
 * whether rows of a table were copied.
 */
async function killInTheMiddle(
  server: PostgresServer,
  line: readonly string[],
  address: string,
  hasCopied: (table: string) => Promise<boolean>,
): Promise<void> {
  const copying = Bun.spawn([EXECUTABLE, ...line], { stdout: 'ignore', stderr: 'ignore' });
  await until('the copy of the first tables', () => hasCopied('node'));
  await using sql = new Bun.SQL(address, { max: 1 });
  await sql.begin(async (locking) => {
    await locking.unsafe('LOCK TABLE audit IN ACCESS EXCLUSIVE MODE');
    await until('the table before', () => hasCopied('session'));
    expect(copying.exitCode).toBe(null);
    copying.kill('SIGKILL');
    await copying.exited;
  });
  // The connection of the killed process ends when the server writes to it.
  await until('the end of its lock', async () => {
    const held = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted";
    return (await server.query(address, held)).length === 0;
  });
}

testServer(
  'file to PostgreSQL to file, killed in the middle of both: every row is the same',
  async () => {
    const server = await started!;
    using folder = temporaryFolder();
    const [first, back] = [folder.file('first.db'), folder.file('back.db')];
    await fillDatabase(first, JOBS);
    const rows = await rowsOf(first);
    expect(Object.keys(rows).filter((table) => rows[table]!.length === 0)).toEqual([]);
    const address = await server.newAddress();
    const run = (...line: string[]) => runExecutable(line, { folder: folder.path, timeoutMs: TIMEOUT_MS });
    const there = ['copy', '--from', first, '--to', address];
    await killInTheMiddle(
      server,
      there,
      address,
      async (name) =>
        (await server.query(address, `SELECT 1 FROM copy_state WHERE name = '${name}'`)).length > 0,
    );
    expect(String(await openPostgres(address).catch((error) => error))).toContain('unfinished copy');
    await fillDatabase(folder.file('other.db'), 1);
    const other = await run('copy', '--from', 'other.db', '--to', address);
    expect(other).toMatchObject({ exitCode: 1, stdout: '' });
    expect(other.stderr).toContain('unfinished copy of another database, or other.db has changed since');
    const copied = await run(...there);
    expect(copied).toMatchObject({ exitCode: 0 });
    expect(copied.stdout).toMatch(/^20.003 jobs, .* tables copied \(.* of them before\), and verified, in /);

    const again = await run(...there);
    expect(again).toMatchObject({ exitCode: 1, stdout: '' });
    expect(again.stderr).toContain('is in use: its table user_name has rows');

    const home = ['copy', '--from', address, '--to', back];
    await killInTheMiddle(server, home, address, async (name) => {
      using db = new Database(`${back}.copying`, { readonly: true });
      return db.query('SELECT 1 FROM copy_state WHERE name = ?').get(name) !== null;
    });
    expect(existsSync(back)).toBe(false);
    expect(await run(...home)).toMatchObject({ exitCode: 0 });
    const copiedRows = await rowsOf(back);
    for (const [table, list] of Object.entries(rows))
      expect([table, copiedRows[table]]).toEqual([table, list]);
    expect(Object.keys(copiedRows)).toEqual(Object.keys(rows));
    expect(await run('check', '--database', back)).toMatchObject({ exitCode: 0 });
    await expectChecked(server, address, (...args) => run('check', '--database', address, ...args));

    await expectSameAnswers(first, address);
  },
  MANY_MS,
);

/** Checks the database as it is, with damages of counts and blobs, and again without. */
async function expectChecked(
  server: PostgresServer,
  address: string,
  check: (...args: string[]) => ReturnType<typeof runExecutable>,
): Promise<void> {
  const sound = await check();
  expect(sound).toMatchObject({ exitCode: 0 });
  expect(sound.stdout).toMatch(/ok +counts: 20003 jobs\nok +samples: [1-9]\d* blobs/);
  await server.query(
    address,
    'UPDATE job_count SET jobs = jobs + 1 WHERE node = 0 AND "user" = 0 AND state = 2',
  );
  await server.query(
    address,
    `UPDATE chunk SET data = set_byte(data, 9, get_byte(data, 9) # 1)
    WHERE seq = (SELECT min(seq) FROM chunk)`,
  );
  const damaged = await check('--json');
  expect(damaged.exitCode).toBe(1);
  const found = (JSON.parse(damaged.stdout) as Checked[]).flatMap(({ damages }) => damages);
  expect(found).toEqual([
    expect.stringMatching(/^jobs by state, state 2: \d+ are kept, \d+ are counted\.$/),
    expect.stringMatching(/^chunks of samples, job \S+ on n\d from \d{4}-.*Z: /),
  ]);
  await server.query(
    address,
    'UPDATE job_count SET jobs = jobs - 1 WHERE node = 0 AND "user" = 0 AND state = 2',
  );
  await server.query(
    address,
    `UPDATE chunk SET data = set_byte(data, 9, get_byte(data, 9) # 1)
    WHERE seq = (SELECT min(seq) FROM chunk)`,
  );
}

/** Asks the stores of both engines the same, writes to both, and asks again. */
async function expectSameAnswers(path: string, address: string): Promise<void> {
  const stores = [await openSqlite(path), await openPostgres(address)];
  const answers = [];
  for (const store of stores) {
    await store.createJobs([
      { id: 'new', user: 'u1', nodes: ['n1'], state: 'running', startTimeMs: NOON_MS },
    ]);
    await store.recordSample('new', { timeMs: NOON_MS, cpuUsage: 1, memoryUsageMb: 2, stamped: true });
    await store.recordSamples([
      { jobId: 'measured', timeMs: NOON_MS + 1, cpuUsage: 3, memoryUsageMb: 4, stamped: false },
    ]);
    const { jobs, total } = await store.listJobs({}, { limit: 50, offset: 0 });
    answers.push({
      ...{ jobs, total, count: await store.countJobs() },
      runs: await Array.fromAsync(store.streamRuns('8')),
      events: await store.listEvents('7'),
      samples: await listReadings(store, '7', {}, 10_000),
      measured: await listReadings(store, 'measured', {}, 10_000),
      summary: await store.summarizeJob('measured'),
      access: await store.loadAccess(NOON_MS),
      audit: await store.listAudit({ limit: 100 }),
    });
    await store.close();
  }
  expect(answers[1]).toEqual(answers[0]);
}

testServer('what is in use, of another kind, or not there, is refused with what to do', async () => {
  const server = await started!;
  using folder = temporaryFolder();
  const file = folder.file('a.db');
  await fillDatabase(file, 1);
  const address = await server.newAddress();
  const run = async (from: string, to: string) => {
    const ended = await runExecutable(['copy', '--from', from, '--to', to], { folder: folder.path });
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    return ended.stderr;
  };
  expect(await run(file, 'b.db')).toContain('Use hpc-observe backup');
  expect(await run(address, address)).toContain('Use pg_dump');
  expect(await run('none.db', address)).toContain('There is no file none.db');
  expect(await run(address, 'b.db')).toContain('has no tables of hpc-observe');
  expect(await run(file, 'postgres://u:secret@127.0.0.1:1/x')).not.toContain('secret');
  const [sqlite, postgres] = [await openSqlite(file), await openPostgres(address)];
  expect(await run(file, await server.newAddress())).toContain('Stop it first');
  expect(await run(address, 'b.db')).toContain('Stop it first');
  await Promise.all([sqlite.close(), postgres.close()]);
  expect(await run(address, file)).toContain('exists. Name another file');
});

testServer(
  'every table of both engines is copied or named as one that is not, with equal columns',
  async () => {
    const server = await started!;
    using folder = temporaryFolder();
    const address = await server.newAddress();
    await (await openPostgres(address)).close();
    await (await openSqlite(folder.file('a.db'))).close();
    using db = new Database(folder.file('a.db'), { readonly: true });
    const names = (rows: readonly Record<string, unknown>[]) => rows.map(({ name }) => String(name)).sort();
    const inSqlite = names(
      db.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'").all(),
    );
    const inPostgres = names(
      await server.query(
        address,
        'SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()',
      ),
    );
    const copied = (nameOf: (table: (typeof COPIED_TABLES)[number]) => string) => COPIED_TABLES.map(nameOf);
    expect(inSqlite).toEqual([...copied(({ name }) => name), ...Object.keys(OTHER_TABLES.sqlite)].sort());
    expect(inPostgres).toEqual(
      [...copied(({ name, postgres }) => postgres ?? name), ...Object.keys(OTHER_TABLES.postgres)].sort(),
    );
    const keysOf = db.query<{ name: string }, [string]>(
      'SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk',
    );
    const reader = copyReader(db);
    for (const table of COPIED_TABLES) {
      const { name, postgres = name, key } = table;
      expect([name, keysOf.all(name).map((row) => row.name)]).toEqual([name, [...key]]);
      const columns = names(
        await server.query(
          address,
          `SELECT column_name::text AS name FROM information_schema.columns
          WHERE table_schema = current_schema() AND table_name = '${postgres}'`,
        ),
      );
      // The number of a sample says only its place.
      const there = columns.filter((column) => name !== 'log' || column !== 'seq');
      expect([name, await reader.columnsOf(table)]).toEqual([name, there]);
    }
  },
);
