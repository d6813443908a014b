import { Database } from 'bun:sqlite';
import { afterAll, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { EXECUTABLE, runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { type Ledger, writeUntil } from '../help/load.ts';
import { testWith } from '../help/tool.ts';

const NOBODY = 65_534;
const FILE = 'hpc-observe.db';

const filled = temporaryFolder();
afterAll(() => filled[Symbol.dispose]());
await fill(filled.path);

/** A database with some hundred pages, cleanly closed. */
async function fill(folder: string): Promise<void> {
  await using server = await serve({ folder });
  const ledger: Ledger = new Map();
  const untilMs = Date.now() + 500;
  await writeUntil(() => Date.now() > untilMs, { url: server.url, ledger, name: 'job' });
  await server.stop();
}

/** A folder of its own with a copy of the filled database. */
function folderWithCopy() {
  const folder = temporaryFolder();
  copyFileSync(filled.file(FILE), folder.file(FILE));
  return folder;
}

/** Starts a server that cannot start: one line on stderr that says why, exit code 1, and nothing served. */
async function refusal(
  folder: string,
  args: readonly string[] = [],
  command: readonly string[] = [EXECUTABLE],
): Promise<string> {
  const { exitCode, stdout, stderr } = await runExecutable(['serve', '--port', '0', ...args], {
    folder,
    command,
  });
  expectOneLine(stderr);
  expect(stdout).toBe('');
  expect(exitCode).toBe(1);
  return stderr;
}

function expectOneLine(stderr: string): void {
  expect(stderr).toMatch(/^hpc-observe: [^\n]+\.\n$/);
  expect(stderr).not.toContain('    at ');
}

describe('a file that cannot be served', () => {
  test('is no database', async () => {
    using folder = temporaryFolder();
    const text = 'this is a letter, not a database\n'.repeat(1000);
    writeFileSync(folder.file(FILE), text);
    expect(await refusal(folder.path)).toMatch(/is not a database.*--database/);
    expect(readFileSync(folder.file(FILE), 'utf8')).toBe(text);
  });

  test('was cut in half', async () => {
    using folder = folderWithCopy();
    const { size } = statSync(folder.file(FILE));
    expect(size).toBeGreaterThan(100_000);
    truncateSync(folder.file(FILE), Math.floor(size / 2));
    expect(await refusal(folder.path)).toMatch(/is damaged.*Restore a copy/);
  });

  test('was cut to 50 bytes', async () => {
    using folder = folderWithCopy();
    truncateSync(folder.file(FILE), 50);
    expect(await refusal(folder.path)).toMatch(/is not a database|is damaged/);
    expect(statSync(folder.file(FILE)).size).toBe(50);
  });

  test('has its first page overwritten', async () => {
    using folder = folderWithCopy();
    const bytes = readFileSync(folder.file(FILE));
    bytes.fill(0xee, 100, 4096);
    writeFileSync(folder.file(FILE), bytes);
    expect(await refusal(folder.path)).toMatch(/is damaged/);
  });

  test('belongs to another program', async () => {
    using folder = temporaryFolder();
    {
      using db = new Database(folder.file(FILE));
      db.run('CREATE TABLE recipe (name TEXT)');
      db.run("INSERT INTO recipe VALUES ('soup')");
    }
    expect(await refusal(folder.path)).toMatch(/database of another program.*--database/);
    using db = new Database(folder.file(FILE), { readonly: true });
    expect(db.query('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'recipe' }]);
    expect(db.query('SELECT name FROM recipe').all()).toEqual([{ name: 'soup' }]);
  });

  test('was written by a newer hpc-observe', async () => {
    using folder = folderWithCopy();
    let own: unknown;
    {
      using db = new Database(folder.file(FILE));
      own = (db.query('PRAGMA user_version').get() as { user_version: number }).user_version;
      db.run('PRAGMA user_version = 999');
    }
    const message = await refusal(folder.path);
    expect(message).toMatch(new RegExp(`\\b999\\b.*\\b${own}\\b`));
    expect(message).toMatch(/newer hpc-observe.*--database/);
  });

  test('is a folder', async () => {
    using folder = temporaryFolder();
    mkdirSync(folder.file(FILE));
    expect(await refusal(folder.path)).toContain('is not a file');
  });

  test('lies in a folder that does not exist', async () => {
    using folder = temporaryFolder();
    const message = await refusal(folder.path, ['--database', './nowhere/jobs.db']);
    expect(message).toContain(`The folder ${folder.file('nowhere')} of the database does not exist`);
  });

  test('lies below a file', async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('plain'), '');
    expect(await refusal(folder.path, ['--database', './plain/jobs.db'])).toContain('plain');
  });

  test('is served already', async () => {
    using folder = temporaryFolder();
    await using server = await serve({ folder: folder.path });
    expect(await refusal(folder.path)).toMatch(/already serves .*hpc-observe\.db.*--database/);
    expect((await fetch(`${server.url}/v1/health`)).status).toBe(200);
    await server.stop('SIGKILL');
    await using again = await serve({ folder: folder.path });
    expect((await fetch(`${again.url}/v1/health`)).status).toBe(200);
  });
});

describe('a user who may not write', () => {
  const testAsNobody = process.getuid?.() === 0 ? testWith(['setpriv']) : test.skip;

  const asNobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', EXECUTABLE];

  testAsNobody('into the folder, without a database', async () => {
    using folder = temporaryFolder();
    chmodSync(folder.path, 0o755);
    expect(await refusal(folder.path, [], asNobody)).toMatch(/writable for this user/);
  });

  testAsNobody('into the folder, with a database', async () => {
    using folder = folderWithCopy();
    chmodSync(folder.path, 0o755);
    chmodSync(folder.file(FILE), 0o644);
    expect(await refusal(folder.path, [], asNobody)).toMatch(/writable (for|by) this user/);
  });

  testAsNobody('into the database itself', async () => {
    using folder = folderWithCopy();
    chownSync(folder.path, NOBODY, NOBODY);
    chmodSync(folder.file(FILE), 0o444);
    expect(await refusal(folder.path, [], asNobody)).toMatch(/writable for this user/);
  });
});

test('a process that may open too few files says so', async () => {
  using folder = temporaryFolder();
  const command = ['bash', '-c', 'ulimit -n 11; exec "$0" "$@"', EXECUTABLE];
  expect(await refusal(folder.path, [], command)).toMatch(/too many files are open.*ulimit -n/);
});

test('a port that is taken is named, and the database stays as it was', async () => {
  using folder = folderWithCopy();
  const before = readFileSync(folder.file(FILE));
  await using other = await serve();
  const { port } = new URL(other.url);
  expect(await refusal(folder.path, ['--port', port])).toMatch(
    new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is taken.*--port`),
  );
  expect(readFileSync(folder.file(FILE)).equals(before)).toBe(true);
  await using free = await serve({ folder: folder.path });
  expect((await fetch(`${free.url}/v1/health`)).status).toBe(200);
});
