import { Database } from 'bun:sqlite';
import { describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { openConnection, requestText } from '../help/connection.ts';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { countAnswered, findLosses, type Ledger, writeUntil } from '../help/load.ts';

const WITHIN_MS = 5000;

/** Stops the server; returns its exit code and how long it took. */
async function stopTimed(server: Awaited<ReturnType<typeof serve>>, signal: 'SIGTERM' | 'SIGINT') {
  const startedMs = performance.now();
  const exitCode = await server.stop(signal);
  return { exitCode, tookMs: performance.now() - startedMs };
}

function expectCleanFiles(folder: string): void {
  expect(existsSync(`${folder}/hpc-observe.db-wal`)).toBe(false);
  expect(existsSync(`${folder}/hpc-observe.db-shm`)).toBe(false);
  using db = new Database(`${folder}/hpc-observe.db`, { readonly: true });
  expect(db.query('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
}

const newJob = (id: string) =>
  requestText('POST', '/v1/jobs', { body: JSON.stringify({ id, user: 'u', nodes: ['n'] }) });

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test(`${signal} under load ends the service cleanly, with every answered write on disk`, async () => {
    using folder = temporaryFolder();
    const ledger: Ledger = new Map();
    {
      await using server = await serve({ folder: folder.path });
      const refused: number[] = [];
      let isOver = false;
      const writing = writeUntil(() => isOver, {
        url: server.url,
        ledger,
        name: 'job',
        connections: 32,
        mayBreak: true,
        refused: (answer) => refused.push(answer.status),
      });
      await Bun.sleep(700);
      const { exitCode, tookMs } = await stopTimed(server, signal);
      isOver = true;
      await writing;
      expect(exitCode).toBe(0);
      expect(tookMs).toBeLessThan(WITHIN_MS);
      expect(refused.filter((status) => status !== 503)).toEqual([]);
      expect(server.errors()).toContain('"event":"stopped"');
      expect(server.errors()).not.toContain('"level":"error"');
      expectCleanFiles(folder.path);
    }
    expect(countAnswered(ledger).samples).toBeGreaterThan(30);
    await using again = await serve({ folder: folder.path });
    expect(await findLosses(again.url, ledger)).toEqual([]);
  });

  test(`every request sent before ${signal} is answered`, async () => {
    using folder = temporaryFolder();
    const ids = Array.from({ length: 64 }, (_, number) => `job-${number}`);
    {
      await using server = await serve({ folder: folder.path });
      const connections = await Promise.all(ids.map(() => openConnection(server.url)));
      connections.forEach((connection, number) => {
        connection.send(newJob(ids[number]!));
      });
      const stopping = stopTimed(server, signal);
      const answers = await Promise.all(connections.map((connection) => connection.receive()));
      expect(answers.map((answer) => answer?.status)).toEqual(ids.map(() => 201));
      const { exitCode, tookMs } = await stopping;
      expect(exitCode).toBe(0);
      expect(tookMs).toBeLessThan(WITHIN_MS);
      for (const connection of connections) connection.close();
    }
    expectCleanFiles(folder.path);
    await using again = await serve({ folder: folder.path });
    const list = (await (await fetch(`${again.url}/v1/jobs`)).json()) as { total: number };
    expect(list.total).toBe(ids.length);
  });

  test(`idle connections and half-sent requests do not delay the end after ${signal}`, async () => {
    using folder = temporaryFolder();
    await using server = await serve({ folder: folder.path });
    using idle = await openConnection(server.url);
    idle.send(newJob('first'));
    expect((await idle.receive())?.status).toBe(201);
    using _silent = await openConnection(server.url);
    using halfHead = await openConnection(server.url);
    halfHead.send('POST /v1/jobs HTTP/1.1\r\nHost: loc');
    using halfBody = await openConnection(server.url);
    halfBody.send(newJob('second').slice(0, -5));
    await Bun.sleep(100);
    const { exitCode, tookMs } = await stopTimed(server, signal);
    expect(exitCode).toBe(0);
    expect(tookMs).toBeLessThan(WITHIN_MS);
    expect(await halfBody.receive()).toBeUndefined();
    expectCleanFiles(folder.path);
  });
});

test.each(['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)('%s does not stop the service', async (signal) => {
  await using server = await serve();
  process.kill(server.pid, signal);
  await Bun.sleep(200);
  expect((await fetch(`${server.url}/v1/health`)).status).toBe(200);
  expect(await server.stop()).toBe(0);
  expect(server.errors()).toContain('"event":"stopped"');
});

test('a second signal ends the service at once', async () => {
  using folder = temporaryFolder();
  await using server = await serve({ folder: folder.path });
  using halfBody = await openConnection(server.url);
  halfBody.send(newJob('half').slice(0, -5));
  await Bun.sleep(100);
  const startedMs = performance.now();
  process.kill(server.pid, 'SIGTERM');
  await Bun.sleep(300);
  await server.stop('SIGINT');
  expect(performance.now() - startedMs).toBeLessThan(1500);
});
