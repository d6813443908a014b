import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './port.ts';

const INSTALLED = '/usr/lib/postgresql';

/**
 * Where the newest PostgreSQL of at least version 15 that Debian's packages have installed is; undefined if
 * none is.
 */
function binaries(): string | undefined {
  if (!existsSync(INSTALLED)) return undefined;
  const versions = readdirSync(INSTALLED).filter((version) => Number(version) >= 15);
  const newest = versions.sort((one, other) => Number(other) - Number(one))[0];
  return newest && join(INSTALLED, newest, 'bin');
}

/** Returns whether PostgreSQL is installed. Without it, says what to install; throws in CI. */
export function hasPostgres(): boolean {
  if (binaries()) return true;
  if (process.env.CI) throw new Error('PostgreSQL must be installed in CI; see .ci/run.');
  console.error('\nSKIPPED without PostgreSQL 15 or newer: install the packages that .ci/run names.\n');
  return false;
}

/** PostgreSQL refuses to run as root. */
const asUser =
  process.getuid?.() === 0 ? ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'] : [];

/** A folder in memory if there is one: what a commit waits for is not what these tests measure. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

async function run(command: readonly string[]): Promise<void> {
  const program = Bun.spawn([...asUser, ...command], { cwd: '/', stdout: 'ignore', stderr: 'pipe' });
  const message = await new Response(program.stderr).text();
  if ((await program.exited) !== 0) throw new Error(`${command[0]} failed: ${message}`);
}

interface PostgresOptions {
  /** The folder for its data; one in memory if left out. */
  readonly place?: string;
  /** Further settings of the server. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** Members of this role show a password; the others are trusted. */
export const SECURED = 'secured';

/**
 * Starts a PostgreSQL server of its own in a temporary folder, with the durability of production. `address`
 * is that of an empty schema of its database, a new one for each call.
 */
export async function startPostgres({ place = memory, settings: further = {} }: PostgresOptions = {}) {
  const folder = mkdtempSync(join(place, 'hpc-observe-postgres-'));
  const bin = binaries()!;
  const [port] = await freePorts(1);
  if (asUser.length > 0) Bun.spawnSync(['chown', 'nobody', folder]);
  const data = join(folder, 'data');
  await run([
    join(bin, 'initdb'),
    '-D',
    data,
    '-A',
    'trust',
    '-U',
    'tester',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ]);
  const rules = join(data, 'pg_hba.conf');
  writeFileSync(rules, `host all +${SECURED} 127.0.0.1/32 scram-sha-256\n${readFileSync(rules, 'utf8')}`);
  const settings = {
    listen_addresses: '127.0.0.1',
    port: port!,
    unix_socket_directories: '',
    max_connections: 200,
    ...further,
  };
  const main = `postgres://tester@127.0.0.1:${port}/postgres`;
  let schemas = 0;

  async function start() {
    const server = Bun.spawn(
      [
        // Stops with the tests, even if those are killed.
        ...(asUser.length > 0 ? asUser : ['setpriv']),
        '--pdeathsig=QUIT',
        join(bin, 'postgres'),
        ...['-D', data],
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      { cwd: '/', stdout: 'ignore', stderr: Bun.file(join(folder, 'log')) },
    );
    await untilReady(main);
    return server;
  }

  let server = await start();
  await using sql = new Bun.SQL(main, { max: 1 });
  await sql.unsafe(`CREATE ROLE ${SECURED}`);

  return {
    get process() {
      return server;
    },
    /** The address of its database. */
    address: main,
    /** Ends the server: SIGINT ends its connections, SIGQUIT is a crash. */
    async stop(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
      server.kill(signal);
      await server.exited;
    },
    /** Starts it again where it was. */
    async start(): Promise<void> {
      server = await start();
    },
    /** Returns the address of a schema that does not exist before. */
    async newAddress(): Promise<string> {
      const schema = `store_${++schemas}`;
      await using sql = new Bun.SQL(main, { max: 1 });
      await sql.unsafe(`CREATE SCHEMA ${schema}`);
      return `${main}?search_path=${schema}`;
    },
    /** Runs statements in the database. */
    async query(address: string, text: string): Promise<Record<string, unknown>[]> {
      await using sql = new Bun.SQL(address, { max: 1 });
      return Array.from(await sql.unsafe(text));
    },
    async [Symbol.asyncDispose]() {
      // "Immediate": what it wrote is deleted with the folder.
      server.kill('SIGQUIT');
      await server.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type PostgresServer = Awaited<ReturnType<typeof startPostgres>>;

async function untilReady(address: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await using sql = new Bun.SQL(address, { max: 1 });
      await sql.unsafe('SELECT 1');
      return;
    } catch (error) {
      if (attempt === 200) throw error;
      await Bun.sleep(50);
    }
  }
}
