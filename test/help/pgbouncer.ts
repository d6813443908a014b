import { existsSync, writeFileSync } from 'node:fs';
import { temporaryFolder } from './folder.ts';
import { freePorts } from './port.ts';

const PROGRAM = '/usr/sbin/pgbouncer';
/** Schemas of the server that the pool leads to; each is a database of the pool. */
const MAX_SCHEMAS = 500;
/** Fewer than the store has reads at once, so that they share the sessions of the server. */
const POOL_SIZE = 3;

/** Returns whether pgbouncer is installed. Without it, says what to install; throws in CI. */
export function hasPgbouncer(): boolean {
  if (existsSync(PROGRAM)) return true;
  if (process.env.CI) throw new Error('pgbouncer must be installed in CI; see .ci/run.');
  console.error('\nSKIPPED without pgbouncer: install the package of this name.\n');
  return false;
}

/**
 * Starts a pgbouncer in front of a server of `startPostgres`, in transaction mode. `addressOf` returns the
 * way through it to a schema, and `sessionAddressOf` one whose clients keep their session.
 */
export async function startPgbouncer(main: string) {
  const { hostname, port: serverPort } = new URL(main);
  const folder = temporaryFolder();
  const [port] = await freePorts(1);
  const databases = Array.from({ length: MAX_SCHEMAS }, (_, index) => {
    const schema = `store_${index + 1}`;
    const server = `host=${hostname} port=${serverPort} dbname=postgres user=${schema}`;
    return `${schema} = ${server}\n${schema}_session = ${server} pool_mode=session pool_size=50`;
  });
  writeFileSync(
    folder.file('pgbouncer.ini'),
    [
      '[databases]',
      ...databases,
      '[pgbouncer]',
      'pool_mode = transaction',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      'max_client_conn = 400',
      'server_idle_timeout = 1',
      `default_pool_size = ${POOL_SIZE}`,
      '',
    ].join('\n'),
  );
  // pgbouncer refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) Bun.spawnSync(['chown', '-R', 'nobody', folder.path]);
  const pool = Bun.spawn(
    [
      'setpriv',
      '--pdeathsig=KILL',
      ...(isRoot ? ['--reuid=nobody', '--regid=nogroup', '--clear-groups'] : []),
      PROGRAM,
      '--quiet',
      folder.file('pgbouncer.ini'),
    ],
    { cwd: '/', stdout: 'ignore', stderr: 'ignore' },
  );
  const known = new Set<string>();

  /** A pool passes no search_path on, so the role of a schema has it. */
  async function throughPool(address: string, suffix: string): Promise<string> {
    const schema = new URL(address).searchParams.get('search_path')!;
    if (!known.has(schema)) {
      await using sql = new Bun.SQL(address, { max: 1 });
      await sql.unsafe(`CREATE ROLE ${schema} SUPERUSER LOGIN`);
      await sql.unsafe(`ALTER ROLE ${schema} SET search_path = ${schema}`);
    }
    known.add(schema);
    return `postgres://tester@127.0.0.1:${port}/${schema}${suffix}`;
  }
  await untilListening(port!);
  return {
    addressOf: (address: string) => throughPool(address, ''),
    sessionAddressOf: (address: string) => throughPool(address, '_session'),
    async [Symbol.asyncDispose]() {
      pool.kill('SIGKILL');
      await pool.exited;
      folder[Symbol.dispose]();
    },
  };
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } });
      socket.end();
      return;
    } catch (error) {
      if (attempt === 200) throw error;
      await Bun.sleep(25);
    }
  }
}
