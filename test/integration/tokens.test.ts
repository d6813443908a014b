import { expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecret, TOKEN_PREFIX } from '../../src/access/secret.ts';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';

type Server = Awaited<ReturnType<typeof serve>>;

const ROOT_JOB = { id: 'a', user: 'alice', nodes: ['n1'] };
const COMPLETION = {
  ...{ jobid: 4712, username: 'alice', nodes: 'node01', state: 'COMPLETED', exit_code: '0:0' },
  ...{ '@submit': '2026-01-20T09:59:00', '@start': '2026-01-20T10:00:00', '@end': '2026-01-20T11:30:00' },
};

/** Runs a command about the tokens of a server. */
const run = (server: Server, ...args: readonly string[]) =>
  runExecutable([...args, '--server', server.url], { folder: server.folder });

async function createToken(server: Server, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(server, 'token', 'create', ...args);
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^hpo_[0-9A-Za-z]{42}\n$/)]);
  expect(stderr).not.toContain(stdout.trim());
  return stdout.trim();
}

/** Sends a request with a token, and returns the status of the answer. */
async function send(url: string, token: string, method = 'GET', body?: unknown): Promise<number> {
  const answer = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** Everything that a service leaves: its log, its metrics, its database. */
async function tracesOf(server: Server): Promise<string> {
  const files = ['hpc-observe.db', 'hpc-observe.db-wal'].map((name) => {
    try {
      return readFileSync(join(server.folder, name), 'latin1');
    } catch {
      return '';
    }
  });
  return [
    server.greeting,
    server.errors(),
    await (await fetch(`${server.url}/metrics`)).text(),
    ...files,
  ].join('\n');
}

test('a token works from a file, shows its last use, outlives a restart, and is refused at once when it is revoked', async () => {
  using folder = temporaryFolder();
  let secret: string;
  let other: string;
  {
    await using server = await serve({ folder: folder.path, args: ['--log-level', 'debug'] });
    secret = await createToken(server, '--name', 'grafana', '--role', 'viewer', '--expires', '90d');
    other = await createToken(server, '--name', 'agents', '--role', 'ingest');
    writeFileSync(folder.file('grafana.token'), `${secret}\n`, { mode: 0o600 });
    const who = await run(server, 'whoami', '--token-file', folder.file('grafana.token'));
    expect([who.exitCode, who.stdout]).toEqual([
      0,
      expect.stringMatching(/^You are +grafana\nRole +viewer: it comes with the proof$/m),
    ]);

    expect(await send(`${server.url}/v1/jobs`, secret)).toBe(200);
    expect(await send(`${server.url}/metrics`, secret)).toBe(200);
    expect(await send(`${server.url}/v1/jobs`, secret, 'POST', ROOT_JOB)).toBe(403);
    expect(await send(`${server.url}/v1/tokens`, secret)).toBe(403);
    expect(await send(`${server.url}/v1/jobs`, other)).toBe(403);
    expect(await send(`${server.url}/v1/samples`, other, 'POST', { samples: [] })).not.toBe(403);
    expect((await run(server, 'token', 'list')).stdout).toMatch(
      /^grafana +viewer +\d{4}-\d\d-\d\d \d\d:\d\d +\S+ +\d{4}-\d\d-\d\d \d\d:\d\d +\d{4}-\d\d-\d\d \d\d:\d\d$/m,
    );
    expect(await server.stop()).toBe(0);
    const traces = `${server.greeting}${server.errors()}`;
    for (const one of [secret, other]) expect(traces).not.toContain(one.slice(4, 20));
  }
  await using server = await serve({ folder: folder.path, args: ['--log-level', 'debug'] });
  const listed = (await run(server, 'token', 'list')).stdout;
  expect(listed).toMatch(/^agents +ingest .* never +\d{4}-\d\d-\d\d \d\d:\d\d$/m);
  expect(await send(`${server.url}/v1/jobs`, secret)).toBe(200);
  expect((await run(server, 'token', 'revoke', 'grafana')).stdout).toBe('The token grafana is revoked.\n');
  // Over a connection that was open before.
  expect(await send(`${server.url}/v1/jobs`, secret)).toBe(401);
  expect(await send(`${server.url}/v1/health`, secret)).toBe(401);
  const traces = await tracesOf(server);
  expect(traces).toContain('hpc_observe_credentials_refused_total{reason="token_unknown"} 2');
  for (const one of [secret, other]) expect(traces).not.toContain(one.slice(4, 20));
});

test('a token is refused once it has expired', async () => {
  await using server = await serve();
  const secret = await createToken(server, '--name', 'short', '--role', 'viewer', '--expires', '2s');
  expect(await send(`${server.url}/v1/jobs`, secret)).toBe(200);
  await Bun.sleep(2100);
  const answer = await fetch(`${server.url}/v1/jobs`, { headers: { authorization: `Bearer ${secret}` } });
  expect([answer.status, await answer.json()]).toEqual([
    401,
    { error: 'unauthorized', message: expect.stringContaining('has expired') },
  ]);
  expect((await run(server, 'token', 'list')).stdout).toContain('(expired)');
});

test('the first token is created before the service, which then may listen beyond the loopback', async () => {
  using folder = temporaryFolder();
  const args = ['--host', '0.0.0.0', '--munge-socket', '/nowhere'];
  await expect(serve({ folder: folder.path, args })).rejects.toThrow('Other machines reach');
  const created = await runExecutable(
    ['token', 'create', '--name', 'first', '--role', 'admin', '--port', '1'],
    {
      folder: folder.path,
    },
  );
  expect([created.exitCode, created.stderr]).toEqual([0, expect.stringContaining('No service runs.')]);
  await using server = await serve({ folder: folder.path, args });
  expect(await send(`${server.url}/v1/tokens`, created.stdout.trim())).toBe(200);
  // The database is that of the service now.
  const refused = await runExecutable(['token', 'list', '--port', '1'], { folder: folder.path });
  expect([refused.exitCode, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toContain('give its URL with --server');
});

test('guesses are refused, slowed and counted, the log has their number and none of them, and a valid token goes on', async () => {
  await using server = await serve({ args: ['--log-level', 'debug'] });
  const secret = await createToken(server, '--name', 'grafana', '--role', 'viewer');
  const near = `${secret.slice(0, -7)}${secret.at(-7) === 'x' ? 'y' : 'x'}${secret.slice(-6)}`;
  const guesses = [near, ...Array.from({ length: 199 }, () => createSecret(TOKEN_PREFIX))];
  const statuses = await Promise.all(
    guesses.map(async (guess, index) => {
      const path = index % 2 === 0 ? '/v1/jobs' : `/v1/slurm/jobcomp/${guess}`;
      return index % 2 === 0
        ? send(`${server.url}${path}`, guess)
        : (await fetch(`${server.url}${path}`, { method: 'POST', body: '{}' })).status;
    }),
  );
  expect(Map.groupBy(statuses, (status) => status).get(401)).toHaveLength(20);
  expect(Map.groupBy(statuses, (status) => status).get(429)).toHaveLength(180);
  expect(await send(`${server.url}/v1/jobs`, secret)).toBe(200);
  const traces = await tracesOf(server);
  expect(traces).toContain('hpc_observe_credentials_refused_total{reason="token_unknown"} 199');
  expect(traces).toContain('hpc_observe_credentials_refused_total{reason="token_malformed"} 1');
  const lines = server
    .errors()
    .split('\n')
    .filter((line) => line.includes('credentials_refused'));
  // The first at once; the others in a minute, with where they came from.
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'warn',
    count: 1,
    from: expect.stringMatching(/^uid \d+: 1 \(/),
  });
  for (const guess of guesses) expect(traces).not.toContain(guess.slice(4, 20));
});

test('a completion with a token in its path is stored, and neither log nor metrics have the token', async () => {
  await using server = await serve({ args: ['--log-level', 'debug'] });
  const secret = await createToken(server, '--name', 'slurmctld', '--role', 'ingest');
  const post = (token: string, body: string) =>
    fetch(`${server.url}/v1/slurm/jobcomp/${token}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  expect((await post(secret, JSON.stringify(COMPLETION))).status).toBe(200);
  expect((await post(secret, '{"broken')).status).toBe(400);
  expect((await fetch(`${server.url}/v1/slurm/jobcomp/${secret}`)).status).toBe(405);
  expect((await fetch(`${server.url}/v1/slurm/jobcomp/${secret}/x`)).status).toBe(404);
  const job = await fetch(`${server.url}/v1/jobs/4712`);
  expect(await job.json()).toMatchObject({ state: 'completed' });
  const traces = await tracesOf(server);
  expect(server.errors()).toContain('"route":"/v1/slurm/jobcomp/:token"');
  expect(traces).not.toContain(secret.slice(4, 20));
});
