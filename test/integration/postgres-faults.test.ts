import { afterAll, beforeAll, expect, test } from 'bun:test';
import { chmodSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $, SQL } from 'bun';
import { watchSilence } from '../../src/store/postgres/server/silence.ts';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { countAnswered, findLosses, type Ledger, writeUntil } from '../help/load.ts';
import { hasPostgres, type PostgresServer, startPostgres } from '../help/postgres.ts';
import { startRelay } from '../help/relay.ts';

// What becomes of the service and of what it acknowledged when it, the server or the way between them fails.

const testServer = hasPostgres() ? test : test.skip;
const isRoot = process.getuid?.() === 0;
const testAsRoot = isRoot ? testServer : test.skip;
const KILLS = 6;
/** The longest time until a request is refused while the network hangs. */
const REFUSED_MS = 29_000;
const BACK_MS = 30_000;

const folder = temporaryFolder();
let server: PostgresServer;
beforeAll(async () => {
  if (hasPostgres()) server = await startPostgres();
  if (process.env.CI && !isRoot) throw new Error('CI must be allowed to mount a tmpfs; run it as root.');
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const serveOn = (address: string) => serve({ folder: folder.path, args: ['--database', address] });
const json = { 'content-type': 'application/json' };

/**
 * Writes for `ms` milliseconds; returns how many writes were answered 2xx, and the statuses of the others.
 */
async function writeFor(ms: number, url: string, ledger: Ledger, name: string) {
  const untilMs = Date.now() + ms;
  const refusals: number[] = [];
  const answered = await writeUntil(() => Date.now() > untilMs, {
    ...{ url, ledger, name, connections: 4 },
    refused: (answer) => refusals.push(answer.status),
  });
  return { answered, refusals };
}

const createJob = (url: string, id: string) =>
  fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ id, user: 'u', nodes: ['n'] }),
  });
const healthOf = async (url: string) => (await fetch(`${url}/v1/health`)).status;

/** Resolves once the service is healthy. */
async function untilHealthy(url: string): Promise<void> {
  for (const endMs = Date.now() + BACK_MS; (await healthOf(url)) !== 200; await Bun.sleep(100))
    if (Date.now() > endMs) throw new Error(`Not healthy within ${BACK_MS / 1000} s.`);
}

testServer('kill -9 under load loses no write that was answered', async () => {
  const address = await server.newAddress();
  const ledger: Ledger = new Map();
  const refused: number[] = [];
  for (let round = 0; round < KILLS; round++) {
    await using service = await serveOn(address);
    let isKilled = false;
    const writing = writeUntil(() => isKilled, {
      ...{ url: service.url, ledger, name: `round${round}`, mayBreak: true },
      refused: (answer) => refused.push(answer.status),
    });
    const { samples: before } = countAnswered(ledger);
    while (countAnswered(ledger).samples === before) await Bun.sleep(10);
    await Bun.sleep(Math.random() * 400);
    await service.stop('SIGKILL');
    isKilled = true;
    expect(await writing, `writes answered in round ${round}`).toBeGreaterThan(0);
  }
  expect(refused).toEqual([]);
  const { jobs } = countAnswered(ledger);
  await using service = await serveOn(address);
  expect(await findLosses(service.url, ledger)).toEqual([]);
  const list = (await (await fetch(`${service.url}/v1/jobs?limit=1`)).json()) as { total: number };
  expect(list.total).toBeGreaterThanOrEqual(jobs);
  expect(list.total).toBeLessThanOrEqual(ledger.size);
  expect(await (await fetch(`${service.url}/metrics`)).text()).toContain(`\nhpc_job_total ${list.total}\n`);
  expect(await service.stop()).toBe(0);
});

testServer('a server that crashes or restarts under load costs nothing that was answered', async () => {
  const address = await server.newAddress();
  const ledger: Ledger = new Map();
  await using service = await serveOn(address);
  const { url } = service;
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    const load = writeFor(2500, url, ledger, signal);
    await Bun.sleep(500);
    await server.stop(signal);
    expect((await createJob(url, `${signal} away`)).status).toBe(503);
    expect((await fetch(`${url}/v1/jobs/1`)).status).toBe(503);
    expect(await healthOf(url)).toBe(503);
    await server.start();
    await untilHealthy(url);
    const { answered, refusals } = await load;
    expect(answered).toBeGreaterThan(0);
    expect(new Set(refusals)).toEqual(new Set([503]));
    expect((await fetch(`${url}/v1/jobs/${signal}%20away`)).status).toBe(404);
    expect((await createJob(url, `${signal} back`)).status).toBe(201);
    expect(await findLosses(url, ledger)).toEqual([]);
  }
  expect(service.errors()).toContain('database_lost');
  expect(service.errors()).toContain('database_back');
});

testServer(
  'while the network hangs, every request is refused in time, and nothing answered is lost',
  async () => {
    const address = await server.newAddress();
    const relay = startRelay(Number(new URL(address).port));
    const through = new URL(address);
    through.port = String(relay.port);
    const ledger: Ledger = new Map();
    await using service = await serveOn(through.href);
    const { url } = service;
    expect((await writeFor(300, url, ledger, 'before')).refusals).toEqual([]);
    const load = writeFor(1000, url, ledger, 'during');
    await Bun.sleep(200);
    relay.cut(true);
    const cutMs = performance.now();
    const statuses = await Promise.all([
      ...['jobs/before-0-0', 'jobs?user=u', 'jobs/before-0-0/metrics', 'usage', 'health'].map(
        async (path) => (await fetch(`${url}/v1/${path}`)).status,
      ),
      createJob(url, 'cut').then(({ status }) => status),
    ]);
    expect(statuses.filter((status) => status !== 503)).toEqual([]);
    expect(performance.now() - cutMs).toBeLessThan(REFUSED_MS);
    await load;
    relay.cut(false);
    await untilHealthy(url);
    expect((await createJob(url, 'back')).status).toBe(201);
    expect(await findLosses(url, ledger)).toEqual([]);
    expect(await service.stop()).toBe(0);
    relay.stop();
  },
);

testAsRoot('a backend that hangs is given up, and its connection is replaced', async () => {
  await using client = new SQL(await server.newAddress(), { max: 1 });
  const pidOf = async (one: Pick<typeof client, 'unsafe'>) =>
    (await one.unsafe('SELECT pg_backend_pid() AS pid'))[0].pid as number;
  const connection = await client.reserve();
  const watched = watchSilence(connection, 300, () => connection.close({ timeout: 0 }));
  const pid = await pidOf(connection);
  // Answers that come in time, each, are no silence.
  for (let round = 0; round < 4; round++) await watched.unsafe('SELECT pg_sleep(0.15)');
  process.kill(pid, 'SIGSTOP');
  const startedMs = performance.now();
  const lost = await Promise.allSettled([1, 2].map(() => watched.unsafe('SELECT 1')));
  expect(performance.now() - startedMs).toBeWithin(250, 2000);
  for (const one of lost)
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'ERR_POSTGRES_CONNECTION_CLOSED' } });
  connection.release();
  expect(await pidOf(client)).not.toBe(pid);
  process.kill(pid, 'SIGCONT');
});

testAsRoot(
  'on a full disk of the server writes are refused, reads go on, and it recovers by itself',
  async () => {
    const disk = folder.file('disk');
    const ballast = join(disk, 'ballast');
    mkdirSync(disk);
    chmodSync(folder.path, 0o755);
    await $`mount -t tmpfs -o size=40m,mode=777 tmpfs ${disk}`.quiet();
    try {
      const tables = join(disk, 'tables');
      mkdirSync(tables);
      await $`chown nobody ${tables}`.quiet();
      await server.query(server.address, `CREATE TABLESPACE small LOCATION '${tables}'`);
      await server.query(server.address, 'CREATE DATABASE small TABLESPACE small');
      const ledger: Ledger = new Map();
      {
        await using service = await serveOn(server.address.replace(/postgres$/, 'small'));
        const { url } = service;
        expect((await writeFor(300, url, ledger, 'before')).refusals).toEqual([]);
        const { bavail, bsize } = statfsSync(disk);
        writeFileSync(ballast, Buffer.alloc(bavail * bsize));
        let full = await writeFor(300, url, ledger, 'full0');
        for (let burst = 1; full.answered > 0 && burst < 100; burst++)
          full = await writeFor(300, url, ledger, `full${burst}`);
        expect(full.answered).toBe(0);
        expect(new Set(full.refusals)).toEqual(new Set([503]));
        expect(await healthOf(url)).toBe(503);
        expect((await createJob(url, 'full')).status).toBe(503);
        const rows = Array.from({ length: 2000 }, (_, row) => ({
          ...{
            id: `full-${row}`,
            user: 'u',
            nodes: ['n'],
            state: 'running',
            start_time: '2026-01-20T10:00:00Z',
          },
        }));
        const batch = { method: 'POST', headers: json, body: JSON.stringify({ jobs: rows }) };
        expect((await fetch(`${url}/v1/jobs/batch`, batch)).status).toBe(503);
        for (const path of ['v1/jobs/before-0-0', 'v1/jobs?user=user%20of%20before', 'metrics'])
          expect(await (await fetch(`${url}/${path}`)).text(), path).toContain('before-0-0');
        rmSync(ballast);
        await untilHealthy(url);
        expect((await writeFor(300, url, ledger, 'after')).refusals).toEqual([]);
        expect(await findLosses(url, ledger)).toEqual([]);
        expect(await service.stop()).toBe(0);
      }
      await server.query(server.address, 'DROP DATABASE small');
      await server.query(server.address, 'DROP TABLESPACE small');
    } finally {
      await $`umount -l ${disk}`.quiet();
    }
  },
);
