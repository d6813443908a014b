import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { OperatorError } from '../../../../src/domain/errors.ts';
import type { Notice } from '../../../../src/domain/store/upkeep.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { MIGRATIONS, type Migration } from '../../../../src/store/sqlite/migrations/index.ts';
import { openSqlite } from '../../../../src/store/sqlite/open.ts';
import { temporaryFolder } from '../../../help/folder.ts';

const FIRST = "CREATE TABLE thing (name TEXT) STRICT; INSERT INTO thing VALUES ('old');";
const SECOND = "INSERT INTO thing VALUES ('new');";

function migrateFile(path: string, migrations: readonly Migration[]): string | undefined {
  using db = openForWriting(path);
  return migrate(db, path, migrations);
}

function things(path: string): { version: number; names: string[] } {
  using db = new Database(path);
  const { user_version: version } = db.query<{ user_version: number }, []>('PRAGMA user_version').get()!;
  return { version, names: db.query('SELECT name FROM thing').values().flat() as string[] };
}

test('migrations run once and in order, and the file records their number', () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, [FIRST, SECOND]);
  expect(things(path)).toEqual({ version: 2, names: ['old', 'new'] });
  migrateFile(path, [FIRST, SECOND]);
  expect(things(path)).toEqual({ version: 2, names: ['old', 'new'] });
  expect(existsSync(`${path}.version-0`)).toBe(false);
  expect(existsSync(`${path}.version-2`)).toBe(false);
});

test('an existing database is copied before it is changed', () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, [FIRST]);
  migrateFile(path, [FIRST, SECOND]);
  expect(things(path)).toEqual({ version: 2, names: ['old', 'new'] });
  expect(things(`${path}.version-1`)).toEqual({ version: 1, names: ['old'] });
  expect(existsSync(`${path}.version-1.tmp`)).toBe(false);
});

test('a migration reports what it did and where the copy is; a new database reports nothing', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  expect(migrateFile(path, MIGRATIONS.slice(0, 3))).toBeUndefined();
  const notices: string[] = [];
  const onNotice = ({ level, event, message }: Notice) => void notices.push(`${level} ${event}: ${message}`);
  for (let time = 0; time < 2; time++) await (await openSqlite(path, { onNotice })).close();
  expect(notices).toEqual([
    `info database_migrated: migrated ${path} from version 3 to ${MIGRATIONS.length}; a copy is ${path}.version-3`,
  ]);
});

test('the copy of a database contains what a crashed server left in the log', () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, [FIRST]);
  {
    using db = openForWriting(path);
    db.run("INSERT INTO thing VALUES ('in the log')");
    expect(readFileSync(`${path}-wal`).byteLength).toBeGreaterThan(0);
    migrate(db, path, [FIRST, SECOND]);
  }
  expect(things(`${path}.version-1`).names).toEqual(['old', 'in the log']);
});

test('a migration that fails leaves the database at the version before it', () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, [FIRST]);
  const broken = "INSERT INTO thing VALUES ('half'); INSERT INTO nothing VALUES (1);";
  expect(() => migrateFile(path, [FIRST, broken])).toThrow('nothing');
  expect(things(path)).toEqual({ version: 1, names: ['old'] });
  migrateFile(path, [FIRST, SECOND]);
  expect(things(path)).toEqual({ version: 2, names: ['old', 'new'] });
});

/** Files that are refused, and words of the message. */
const REFUSED: [string, (path: string) => void, string[]][] = [
  [
    'of a newer hpc-observe',
    (path) => migrateFile(path, [...MIGRATIONS, ...Array<string>(41).fill('SELECT 1')]),
    [`version ${MIGRATIONS.length + 41}`, `up to ${MIGRATIONS.length}`],
  ],
  [
    'of another program',
    (path) => {
      using db = new Database(path);
      db.run('CREATE TABLE theirs (id INTEGER)');
    },
    ['another program'],
  ],
  [
    'of another program that numbers its versions',
    (path) => {
      using db = new Database(path);
      db.run('PRAGMA application_id = 1; PRAGMA user_version = 1');
    },
    ['another program'],
  ],
  ['that is no database', (path) => writeFileSync(path, 'hello '.repeat(1000)), ['not a database']],
  [
    'that lost its end',
    (path) => {
      migrateFile(path, MIGRATIONS);
      truncateSync(path, readFileSync(path).byteLength - 8192);
    },
    ['damaged'],
  ],
];

/** A database file without its header of 100 bytes. */
const contentOf = (file: Buffer) => file.subarray(100);

test.each(REFUSED)('opening a file %s fails and leaves its content unchanged', async (_, make, words) => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  make(path);
  const before = readFileSync(path);
  const error = await openSqlite(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OperatorError);
  for (const word of [path, ...words]) expect((error as Error).message).toContain(word);
  expect(contentOf(readFileSync(path)).equals(contentOf(before))).toBe(true);
});

test('a database of another program keeps its journal mode', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  {
    using db = new Database(path);
    db.run('CREATE TABLE theirs (id INTEGER)');
  }
  const before = readFileSync(path);
  expect(await openSqlite(path).catch((reason: unknown) => reason)).toBeInstanceOf(OperatorError);
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('an empty file is opened as a new database', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('a.db'), '');
  const store = await openSqlite(folder.file('a.db'));
  await store.checkWritable();
  await store.close();
});

test.each([
  ['a folder that is missing', 'missing/a.db', 'does not exist'],
  ['a folder', '.', 'not a file'],
])('opening %s as a database fails', async (_, name, words) => {
  using folder = temporaryFolder();
  const error = await openSqlite(folder.file(name)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OperatorError);
  expect((error as Error).message).toContain(words);
});

test('every table is STRICT, and the writer commits to disk', () => {
  using folder = temporaryFolder();
  using db = openForWriting(folder.file('a.db'));
  migrate(db, folder.file('a.db'));
  const tables = db
    .query<{ name: string; strict: number }, []>(
      "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'",
    )
    .all();
  expect(tables.length).toBeGreaterThan(5);
  expect(tables.filter(({ strict }) => strict !== 1)).toEqual([]);
  const pragma = (name: string) => Object.values(db.query(`PRAGMA ${name}`).get() as object)[0];
  expect({ synchronous: pragma('synchronous'), journal: pragma('journal_mode') }).toEqual({
    synchronous: 2,
    journal: 'wal',
  });
  expect(pragma('foreign_keys')).toBe(1);
});

test('a database that is being read is opened with its log, and not migrated without a whole copy', () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, [FIRST]);
  using writer = openForWriting(path);
  // As a backup or Litestream does.
  using reader = new Database(path);
  reader.run('BEGIN');
  reader.query('SELECT name FROM thing').all();
  writer.run('CREATE TABLE large (data BLOB)');
  writer.run('INSERT INTO large VALUES (zeroblob(1000000))');
  using db = openForWriting(path);
  db.run('PRAGMA busy_timeout = 10');
  expect(migrate(db, path, [FIRST])).toBeUndefined();
  expect(() => migrate(db, path, [FIRST, SECOND])).toThrow('another program is reading it');
  expect(things(path).names).toEqual(['old']);
  reader.run('ROLLBACK');
  expect(migrate(db, path, [FIRST, SECOND])).toContain('a copy is');
  expect(things(path).names).toEqual(['old', 'new']);
});
