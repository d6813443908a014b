import { afterAll, beforeAll, expect, test } from 'bun:test';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { requireServer } from '../../src/store/postgres/server/connect.ts';
import type { Client } from '../../src/store/postgres/sql/queries.ts';
import { certificates } from '../help/certificates.ts';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { hasPostgres, type PostgresServer, SECURED, startPostgres } from '../help/postgres.ts';

// How an administrator meets a PostgreSQL database: what is set up, what is wrong, what is not for it.

const testServer = hasPostgres() ? test : test.skip;
const PASSWORD = 'p@ss:w/rd?#%25 é';
const folder = temporaryFolder();
let server: PostgresServer;

beforeAll(async () => {
  if (!hasPostgres()) return;
  server = await startPostgres();
  writeFileSync(folder.file('password'), `${PASSWORD}\n`);
  chmodSync(folder.file('password'), 0o600);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Returns an address of the server for another user, with a schema or without one. */
function addressOf(user: string, schema?: string, database = 'postgres'): string {
  return `postgres://${user}@127.0.0.1:${port()}/${database}${schema === undefined ? '' : `?search_path=${schema}`}`;
}
const port = () => new URL(main()).port;
const main = () => server.address;

const run = (...args: readonly string[]) => runExecutable(args, { folder: folder.path });
const refusalOf = async (address: string, ...args: readonly string[]) => {
  const { exitCode, stderr } = await run('serve', '--port', '0', '--database', address, ...args);
  expect(exitCode).toBe(1);
  return stderr.slice(stderr.lastIndexOf('hpc-observe: ') + 13).trimEnd();
};

testServer('what is wrong with a database is said in one sentence, with what to do', async () => {
  await server.query(
    main(),
    `CREATE ROLE locked LOGIN PASSWORD 'right' IN ROLE ${SECURED}; CREATE ROLE bare LOGIN;
     CREATE SCHEMA foreign_one;
     CREATE TABLE foreign_one.job (name text); CREATE SCHEMA readable; GRANT USAGE ON SCHEMA readable TO bare`,
  );
  await server.query(main(), "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
  const wrongPassword = await refusalOf(addressOf('locked:hunter2'));
  expect(wrongPassword).toBe(
    `${addressOf('locked')} refuses the name or password. Check the name in --database, the password in --database-password-file, and pg_hba.conf.`,
  );
  expect(await refusalOf(addressOf('nobody'))).toStartWith(`${addressOf('nobody')} refuses the name`);
  expect(await refusalOf(addressOf('tester', undefined, 'none'))).toBe(
    `${addressOf('tester', undefined, 'none')} does not exist. Create it with createdb.`,
  );
  expect(await refusalOf(addressOf('tester').replace(port(), '1'))).toEndWith(
    'cannot be reached. Check that PostgreSQL runs, and the host and port.',
  );
  expect(await refusalOf(`${addressOf('tester')}?sslmode=require`)).toEndWith(
    'speaks no TLS. Set ssl = on in postgresql.conf, or leave out sslmode in the address.',
  );
  expect(await refusalOf(`${addressOf('tester')}?sslrootcert=/no/ca.pem`)).toBe(
    'The file /no/ca.pem of sslrootcert in the address of the database cannot be read.',
  );
  expect(await refusalOf(addressOf('bare', 'readable'))).toContain(
    'does not let this role create or read tables. Grant it CREATE on the schema, or migrate',
  );
  expect(await refusalOf(addressOf('tester', 'foreign_one'))).toContain('has tables of another program');
  expect(await refusalOf(addressOf('tester', '"No Such"'))).toContain('has no schema for its tables');
  expect(await refusalOf(addressOf('tester', undefined, 'latin'))).toContain(
    'has the encoding LATIN1. Create a database with createdb --encoding=UTF8',
  );
  const old = { unsafe: async () => [{ version: 140_011, text: '14.11', encoding: 'UTF8' }] };
  await expect(requireServer(old as unknown as Client, 'db')).rejects.toThrow(
    'db is PostgreSQL 14.11; hpc-observe needs version 15 or newer.',
  );
  await using other = Bun.serve({ port: 0, fetch: () => new Response('no') });
  expect(await refusalOf(addressOf('tester').replace(port(), String(other.port)))).toMatch(
    /does not answer as PostgreSQL does\.|cannot be reached\./,
  );
});

testServer('no password is shown, wherever it was given', async () => {
  await server.query(
    main(),
    `CREATE ROLE owner LOGIN PASSWORD '${PASSWORD}' IN ROLE ${SECURED};
    CREATE SCHEMA kept AUTHORIZATION owner`,
  );
  const address = addressOf('owner', 'kept');
  const ways: [args: string[], env: Record<string, string>][] = [
    [['--database-password-file', 'password'], { HPC_OBSERVE_DATABASE: address }],
    [[], { HPC_OBSERVE_DATABASE: addressOf(`owner:${encodeURIComponent(PASSWORD)}`, 'kept') }],
    [['--database', address], { PGPASSWORD: PASSWORD }],
  ];
  for (const [args, env] of ways) {
    await using service = await serve({ folder: folder.path, args: [...args, '--log-level', 'debug'], env });
    const get = async (path: string) => (await fetch(`${service.url}/${path}`)).text();
    const seen = [
      readFileSync(`/proc/${service.pid}/cmdline`, 'utf8'),
      service.greeting,
      await get('metrics'),
      await get('v1/health'),
      (await runExecutable(['config', ...args], { folder: folder.path, env })).stdout,
      (await runExecutable(['doctor', '--port', '1', ...args], { folder: folder.path, env })).stdout,
      service.errors(),
    ];
    expect(seen[3]).toContain('"healthy"');
    expect(seen[5]).toContain(`${address} can be read and has the version of this executable.`);
    for (const text of seen) {
      expect(text.length).toBeGreaterThan(10);
      expect(text).not.toContain(PASSWORD);
      expect(text).not.toContain(encodeURIComponent(PASSWORD));
    }
    expect(await service.stop()).toBe(0);
  }
  const visible = addressOf(`owner:${encodeURIComponent(PASSWORD)}`, 'kept');
  await using service = await serve({ folder: folder.path, args: ['--database', visible] });
  expect(service.errors()).toContain('Put it into a file for --database-password-file.');
});

testServer('commands on files say what does the same, and the others work on the database', async () => {
  const database = ['--database', addressOf('tester', 'used')];
  const messages: string[] = [];
  for (const args of [['backup', 'copy.db'], ['restore', 'copy.db'], ['check'], ['upgrade', '--rehearse']]) {
    const { exitCode, stderr } = await run(...args, ...database);
    expect(exitCode).toBe(1);
    messages.push(stderr);
  }
  expect(messages).toEqual([
    expect.stringContaining('pg_dump --format=custom'),
    expect.stringContaining('pg_restore --clean'),
    expect.stringContaining('has no tables of hpc-observe'),
    expect.stringContaining('on the copy'),
  ]);
  // Nothing was made of it yet.
  expect((await run('doctor', '--port', '1', ...database)).stdout).toContain('has no tables yet');
  expect((await run('upgrade', ...database)).stdout).toMatch(/^made the tables of version \d+ in postgres:/);
  expect((await run('upgrade', ...database)).stdout).toContain('there is nothing to migrate');
  expect((await run('doctor', '--port', '1', ...database)).stdout).toMatch(
    /Its role has the rights.*writes commits.*answers within [\d.]+ ms.*clock and the one here agree/s,
  );
  const token = ['token', 'create', '--name', 'ci', '--role', 'viewer', '--port', '1'];
  const { stdout: secret } = await run(...token, ...database);
  writeFileSync(folder.file('sacct'), readFileSync('test/fixtures/slurm/sacct-saved.txt'));
  expect((await run('slurm', 'import', '--file', 'sacct', ...database)).stdout).toMatch(/[1-9]\d* stored/);
  {
    await using service = await serve({ folder: folder.path, args: database });
    const headers = { authorization: `Bearer ${secret.trim()}` };
    expect((await fetch(`${service.url}/v1/jobs`, { headers })).status).toBe(200);
    expect((await run('upgrade', ...database)).stderr).toContain('is used by a running hpc-observe. Stop it');
    const busy = await run('slurm', 'import', '--file', 'sacct', ...database);
    expect(busy.stderr).toContain('is in use by a running hpc-observe. Stop it');
  }
});

testServer('a role that may neither create nor drop serves what the owner has migrated', async () => {
  await server.query(
    main(),
    `CREATE ROLE keeper LOGIN; CREATE ROLE service LOGIN; CREATE SCHEMA least AUTHORIZATION keeper;
     GRANT USAGE ON SCHEMA least TO service;
     ALTER DEFAULT PRIVILEGES FOR ROLE keeper IN SCHEMA least GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO service;
     ALTER DEFAULT PRIVILEGES FOR ROLE keeper IN SCHEMA least GRANT USAGE ON SEQUENCES TO service`,
  );
  expect(await refusalOf(addressOf('service', 'least'))).toContain('hpc-observe upgrade');
  expect((await run('upgrade', '--database', addressOf('keeper', 'least'))).exitCode).toBe(0);
  await using service = await serve({
    folder: folder.path,
    args: ['--database', addressOf('service', 'least')],
  });
  const created = await fetch(`${service.url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: '1', user: 'u', nodes: ['n'] }),
  });
  expect(created.status).toBe(201);
  expect((await fetch(`${service.url}/v1/health`)).status).toBe(200);
  await Bun.sleep(1500);
  expect(service.errors()).not.toMatch(/"level":"(warn|error)"/);
  await expect(
    server.query(addressOf('service', 'least'), 'DROP TABLE job').catch(({ message }) => message),
  ).resolves.toContain('must be owner');
  expect(await service.stop()).toBe(0);
});

testServer('--demo makes its cluster up in a schema of its own', async () => {
  const real = addressOf('tester');
  await using service = await serve({ folder: folder.path, args: ['--demo', '--database', real] });
  expect(service.greeting).toContain('search_path=hpc_observe_demo');
  expect(
    await server.query(
      main(),
      "SELECT DISTINCT schemaname AS name FROM pg_tables WHERE tablename = 'past_run' AND schemaname IN ('public', 'hpc_observe_demo')",
    ),
  ).toEqual([{ name: 'hpc_observe_demo' }]);
});

testServer(
  'over TLS the server is checked by its certificate, also one of an authority of the site',
  async () => {
    using certificate = certificates();
    certificate.make('site', { name: 'site authority' });
    certificate.make('server', { name: 'localhost', by: 'site' });
    chmodSync(dirname(certificate.file('server.crt')), 0o755);
    // The server reads no key that others could read.
    if (process.getuid?.() === 0) Bun.spawnSync(['chown', 'nobody', certificate.file('server.key')]);
    chmodSync(certificate.file('server.key'), 0o600);
    for (const statement of [
      `ALTER SYSTEM SET ssl_cert_file = '${certificate.file('server.crt')}'`,
      `ALTER SYSTEM SET ssl_key_file = '${certificate.file('server.key')}'`,
      'ALTER SYSTEM SET ssl = on',
      'SELECT pg_reload_conf()',
    ])
      await server.query(main(), statement);
    const address = `${addressOf('tester', 'tls').replace('127.0.0.1', 'localhost')}&sslmode=verify-full`;
    expect(await refusalOf(address)).toEndWith(
      'shows a certificate that is not trusted here. Name its authority with sslrootcert=FILE in the address.',
    );
    const trusted = `${address}&sslrootcert=${certificate.file('site.crt')}`;
    await using service = await serve({ folder: folder.path, args: ['--database', trusted] });
    expect((await fetch(`${service.url}/v1/jobs`)).status).toBe(200);
    expect(
      await server.query(
        main(),
        'SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_port > 0 AND pid <> pg_backend_pid()',
      ),
    ).toEqual([{ ssl: true }]);
  },
);
