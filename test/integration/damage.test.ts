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

/** Makes a database of some hundred pages and closes it cleanly. */
async function fill(folder: string): Promise<void> {
  await using server = await serve({ folder });
  const ledger: Ledger = new Map();
  const untilMs = Date.now() + 500;
  await writeUntil(() => Date.now() > untilMs, { url: server.url, ledger, name: 'job' });
  await server.stop();
}

/** Makes a folder with a copy of the filled database. */
function folderWithCopy() {
  const folder = temporaryFolder();
  copyFileSync(filled.file(FILE), folder.file(FILE));
  return folder;
}

/**
 * Runs `serve` where it cannot start; expects one line on
 * stderr, exit code 1 and no output, and returns the line.
 */
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

describe('a database that cannot be served', () => {
  test('serve refuses a file that is not a database', async () => {
    using folder = temporaryFolder();
    const text = 'this is a letter, not a database\n'.repeat(1000);
    writeFileSync(folder.file(FILE), text);
    expect(await refusal(folder.path)).toMatch(/is not a database.*--database/);
    expect(readFileSync(folder.file(FILE), 'utf8')).toBe(text);
  });

  test('serve refuses a database that was cut in half', async () => {
    using folder = folderWithCopy();
    const { size } = statSync(folder.file(FILE));
    expect(size).toBeGreaterThan(100_000);
    truncateSync(folder.file(FILE), Math.floor(size / 2));
    expect(await refusal(folder.path)).toMatch(/is damaged.*Restore a copy/);
  });

  test('serve refuses a database that was cut to 50 bytes', async () => {
    using folder = folderWithCopy();
    truncateSync(folder.file(FILE), 50);
    expect(await refusal(folder.path)).toMatch(/is not a database|is damaged/);
    expect(statSync(folder.file(FILE)).size).toBe(50);
  });

  test('serve refuses a database whose first page was overwritten', async () => {
    using folder = folderWithCopy();
    const bytes = readFileSync(folder.file(FILE));
    bytes.fill(0xee, 100, 4096);
    writeFileSync(folder.file(FILE), bytes);
    expect(await refusal(folder.path)).toMatch(/is damaged/);
  });

  test('serve refuses the database of another program and leaves it as it is', async () => {
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

  test('serve refuses the database of a newer hpc-observe and names both versions', async () => {
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

  test('serve refuses a folder in place of a database', async () => {
    using folder = temporaryFolder();
    mkdirSync(folder.file(FILE));
    expect(await refusal(folder.path)).toContain('is not a file');
  });

  test('serve refuses a database in a folder that does not exist', async () => {
    using folder = temporaryFolder();
    const message = await refusal(folder.path, ['--database', './nowhere/jobs.db']);
    expect(message).toContain(`The folder ${folder.file('nowhere')} of the database does not exist`);
  });

  test('serve refuses a database whose folder is a file', async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('plain'), '');
    expect(await refusal(folder.path, ['--database', './plain/jobs.db'])).toContain('plain');
  });

  test('serve refuses a database that another service has open, until that one ends', async () => {
    using folder = temporaryFolder();
    await using server = await serve({ folder: folder.path });
    expect(await refusal(folder.path)).toMatch(/already serves .*hpc-observe\.db.*--database/);
    expect((await fetch(`${server.url}/v1/health`)).status).toBe(200);
    await server.stop('SIGKILL');
    await using again = await serve({ folder: folder.path });
    expect((await fetch(`${again.url}/v1/health`)).status).toBe(200);
  });
});

describe('serve as a user without rights', () => {
  const testAsNobody = process.getuid?.() === 0 ? testWith(['setpriv']) : test.skip;

  const asNobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', EXECUTABLE];

  testAsNobody('serve refuses to create a database in a folder that its user cannot write to', async () => {
    using folder = temporaryFolder();
    chmodSync(folder.path, 0o755);
    expect(await refusal(folder.path, [], asNobody)).toMatch(/writable for this user/);
  });

  testAsNobody('serve refuses a database in a folder that its user cannot write to', async () => {
    using folder = folderWithCopy();
    chmodSync(folder.path, 0o755);
    chmodSync(folder.file(FILE), 0o644);
    expect(await refusal(folder.path, [], asNobody)).toMatch(/writable (for|by) this user/);
  });

  testAsNobody('serve refuses a database that its user cannot write to', async () => {
    using folder = folderWithCopy();
    chownSync(folder.path, NOBODY, NOBODY);
    chmodSync(folder.file(FILE), 0o444);
    expect(await refusal(folder.path, [], asNobody)).toMatch(/writable for this user/);
  });
});

test('serve refuses to start with too few file descriptors', async () => {
  using folder = temporaryFolder();
  const command = ['bash', '-c', 'ulimit -n 11; exec "$0" "$@"', EXECUTABLE];
  expect(await refusal(folder.path, [], command)).toMatch(/too many files are open.*ulimit -n/);
});

test('serve names a port that is taken and leaves the database as it was', async () => {
  using folder = folderWithCopy();
  const before = readFileSync(folder.file(FILE));
  await using other = await serve();
  const { port } = new URL(other.url);
  expect(await refusal(folder.path, ['--port', port])).toMatch(
    new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is in use.*--port`),
  );
  expect(readFileSync(folder.file(FILE)).equals(before)).toBe(true);
  await using free = await serve({ folder: folder.path });
  expect((await fetch(`${free.url}/v1/health`)).status).toBe(200);
});
