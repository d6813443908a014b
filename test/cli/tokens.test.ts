import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { isSecret, TOKEN_PREFIX } from '../../src/access/secret.ts';
import { renderTokens } from '../../src/cli/token-list.ts';
import { OperatorError, UsageError } from '../../src/domain/errors.ts';
import { listenTcp } from '../../src/service/listen.ts';
import { errorOf } from '../client/help.ts';
import { MINUTE_MS } from '../help/builders.ts';
import { NOON_MS } from '../help/clock.ts';
import { runLine } from '../help/command.ts';
import { temporaryFolder } from '../help/folder.ts';
import { startService } from '../help/service.ts';
import { openStore } from '../help/store.ts';

const GRAFANA = ['--name', 'grafana', '--role', 'viewer'];
/** Nothing listens on port 1. */
const NOWHERE = ['--port', '1'];

async function startServer() {
  const service = await startService({
    ways: [() => ({ name: 'root', uid: 0, proof: 'kernel', isLocal: true })],
  });
  const server = listenTcp(service.app, { host: '127.0.0.1', port: 0 });
  return {
    service,
    url: server.url.href,
    run: async (...line: string[]) => (await runLine([...line, '--server', server.url.href])).output,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await service[Symbol.asyncDispose]();
    },
  };
}

test('a token of the running service is created, listed and revoked by its commands', async () => {
  await using server = await startServer();
  const { service, run } = server;
  const secret = await run('token', 'create', ...GRAFANA);
  expect(secret).toEndWith('\n');
  expect(isSecret(TOKEN_PREFIX, secret.trim())).toBe(true);
  const authorization = `Bearer ${secret.trim()}`;
  expect((await fetch(`${server.url}v1/jobs`, { headers: { authorization } })).status).toBe(200);
  expect(await run('token', 'list')).toBe(
    'NAME     ROLE    CREATED           BY    EXPIRES  LAST USED\n' +
      'grafana  viewer  2026-01-20 12:00  root  never    2026-01-20 12:00\n',
  );
  expect(await run('token', 'revoke', 'grafana')).toBe('The token grafana is revoked.\n');
  expect(service.tokens.list()).toEqual([]);
  expect((await fetch(`${server.url}v1/jobs`, { headers: { authorization } })).status).toBe(401);
});

test('--expires counts from now', async () => {
  await using server = await startServer();
  const { service, run } = server;
  const beforeMs = Date.now();
  await run('token', 'create', ...GRAFANA, '--expires', '90d');
  const [token] = service.tokens.list();
  const lifeMs = token!.expiresMs! - beforeMs;
  expect(lifeMs).toBeGreaterThanOrEqual(90 * 86_400_000);
  expect(lifeMs).toBeLessThan(90 * 86_400_000 + MINUTE_MS);
});

test('what the service refuses is its own sentence', async () => {
  await using server = await startServer();
  const { run } = server;
  await run('token', 'create', ...GRAFANA);
  const refusals = [
    await errorOf(run('token', 'create', ...GRAFANA)),
    await errorOf(run('token', 'revoke', 'nobody')),
  ];
  for (const refusal of refusals) expect(refusal).toBeInstanceOf(OperatorError);
  expect(refusals.map((refusal) => (refusal as Error).message)).toEqual([
    expect.stringContaining('A token named "grafana" already exists'),
    'There is no token named "nobody".',
  ]);
});

test.each([
  [['--role', 'viewer'], '--name is missing'],
  [['--name', 'a'], '--role must be one of viewer, ingest, admin'],
  [['--name', 'a', '--role', 'root'], '--role must be one of'],
  [[...GRAFANA, '--expires', '90'], '--expires must be a duration such as 12h'],
  [[...GRAFANA, '--expires', '0d'], '--expires must be a duration such as 12h'],
  [['--name', '', '--role', 'viewer'], '--name must have 1 to 256 characters'],
])('token create %j is refused before anything is asked', async (args, says) => {
  const refusal = await errorOf(runLine(['token', 'create', ...args, ...NOWHERE]));
  expect(refusal).toBeInstanceOf(UsageError);
  expect((refusal as Error).message).toContain(says);
});

test('where no service runs, tokens are in the database that it will have, with who created them', async () => {
  using folder = temporaryFolder();
  const place = [...NOWHERE, '--database', folder.file('a.db')];
  const { output: secret } = await runLine(['token', 'create', ...GRAFANA, ...place]);
  expect(isSecret(TOKEN_PREFIX, secret.trim())).toBe(true);
  await runLine(['token', 'create', '--name', 'b', '--role', 'ingest', ...place]);
  await runLine(['token', 'revoke', 'b', ...place]);
  const { output: table } = await runLine(['token', 'list', ...place]);
  expect(table.split('\n').map((line) => line.split(' ')[0])).toEqual(['NAME', 'grafana', '']);
  const refusal = await errorOf(runLine(['token', 'create', ...GRAFANA, ...place]));
  expect(refusal).toBeInstanceOf(OperatorError);
  expect((refusal as Error).message).toContain('already exists');
  expect(readFileSync(folder.file('a.db')).includes(secret.trim())).toBe(false);
  const store = await openStore(folder.file('a.db'));
  expect(await store.listAudit({ limit: 9 })).toMatchObject([
    { action: 'token_revoked', subject: 'b', proof: 'kernel' },
    { action: 'token_created', subject: 'b' },
    { action: 'token_created', subject: 'grafana' },
  ]);
  await store.close();
});

test('a database that another service has open is not touched, and the message says what to do', async () => {
  using folder = temporaryFolder();
  const store = await openStore(folder.file('a.db'));
  const refusal = await errorOf(
    runLine(['token', 'create', ...GRAFANA, ...NOWHERE, '--database', folder.file('a.db')]),
  );
  expect((refusal as Error).message).toBe(
    `A service has ${folder.file('a.db')} open, but none answers at http://127.0.0.1:1: give its URL with --server, or its settings with --config.`,
  );
  expect((await store.loadAccess(0)).tokens).toEqual([]);
  await store.close();
});

test('a service that is named and does not answer is not replaced by a database', async () => {
  using folder = temporaryFolder();
  const database = folder.file('a.db');
  const line = ['token', 'create', ...GRAFANA, '--server', 'http://127.0.0.1:1', '--database', database];
  expect(((await errorOf(runLine(line))) as Error).message).toContain('No service answers at');
  expect(existsSync(database)).toBe(false);
});

test.skipIf(process.getuid?.() !== 0)(
  'root does not make files that the user of the service cannot open',
  async () => {
    using folder = temporaryFolder();
    mkdirSync(folder.file('var'));
    const { chownSync } = await import('node:fs');
    chownSync(folder.file('var'), 4711, 4711);
    const refusal = await errorOf(
      runLine(['token', 'create', ...GRAFANA, ...NOWHERE, '--database', folder.file('var/a.db')]),
    );
    expect((refusal as Error).message).toContain("sudo -u '#4711' hpc-observe");
    expect(existsSync(folder.file('var/a.db'))).toBe(false);
  },
);

test('an expired token is marked in the table', () => {
  const token = { role: 'ingest', createdMs: NOON_MS, createdBy: 'root' } as const;
  expect(
    renderTokens(
      [
        { ...token, name: 'a', expiresMs: NOON_MS + MINUTE_MS },
        { ...token, name: 'long-name', expiresMs: NOON_MS + 2 * MINUTE_MS, lastUsedMs: NOON_MS },
      ],
      NOON_MS + MINUTE_MS,
    ),
  ).toBe(
    'NAME       ROLE    CREATED           BY    EXPIRES                     LAST USED\n' +
      'a          ingest  2026-01-20 12:00  root  2026-01-20 12:01 (expired)  never\n' +
      'long-name  ingest  2026-01-20 12:00  root  2026-01-20 12:02            2026-01-20 12:00\n',
  );
});
