import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'bun';
import { openForWriting } from '../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../src/store/sqlite/file/migrate.ts';
import { MIGRATIONS } from '../../src/store/sqlite/migrations/index.ts';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { findLosses, type Ledger, writeUntil } from '../help/load.ts';

const holder = temporaryFolder();
const disk = join(holder.path, 'disk');
const ballast = join(disk, 'ballast');

const isPermitted = await mountSmallDisk();
const testOnSmallDisk = isPermitted ? test : test.skip;

beforeAll(() => {
  if (isPermitted) return;
  if (process.env.CI) throw new Error('CI must be allowed to mount a tmpfs; run it as root.');
  console.error('\nSKIPPED: a small disk needs the right to mount a tmpfs; run as root.\n');
});

beforeEach(() => rmSync(ballast, { force: true }));

afterAll(async () => {
  if (isPermitted) await $`umount -l ${disk}`.quiet();
  holder[Symbol.dispose]();
});

async function mountSmallDisk(): Promise<boolean> {
  mkdirSync(disk);
  const mounted = await $`mount -t tmpfs -o size=24m tmpfs ${disk}`.quiet().nothrow();
  return mounted.exitCode === 0;
}

/** Takes every free block of the disk, so that not even one more page can be written. */
function fillDisk(): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));
  expect(statfsSync(disk).bavail).toBe(0);
}

/** Writes until the free pages inside the files are used up. */
async function useUpFreePages(url: string, ledger: Ledger, name: string): Promise<void> {
  for (let burst = 0; burst < 100; burst++) {
    const { answered } = await writeFor(200, url, ledger, `${name}-${burst}`);
    if (answered === 0) return;
  }
  throw new Error('The disk did not become full.');
}

/**
 * Writes for `ms` milliseconds; returns how many writes were answered 2xx, and the statuses of the others.
 */
async function writeFor(ms: number, url: string, ledger: Ledger, name: string) {
  const untilMs = Date.now() + ms;
  const refusals: number[] = [];
  const answered = await writeUntil(() => Date.now() > untilMs, {
    url,
    ledger,
    name,
    connections: 4,
    refused: (answer) => refusals.push(answer.status),
  });
  return { answered, refusals };
}

testOnSmallDisk(
  'on a full disk the service refuses writes, serves reads, loses nothing, and recovers by itself',
  async () => {
    const ledger: Ledger = new Map();
    {
      await using server = await serve({ folder: disk });
      const { url } = server;
      const before = await writeFor(300, url, ledger, 'before');
      expect(before.answered).toBeGreaterThan(0);
      expect(before.refusals).toEqual([]);

      for (const round of [1, 2]) {
        fillDisk();
        await useUpFreePages(url, ledger, `filling${round}`);
        const full = await writeFor(300, url, ledger, `full${round}`);
        expect(full.answered).toBe(0);
        expect(new Set(full.refusals)).toEqual(new Set([503]));
        await expectAllUnavailable(url);
        await expectReadsGoOn(url);

        rmSync(ballast);
        const health = await fetch(`${url}/v1/health`);
        expect(health.status).toBe(200);
        expect(await health.json()).toMatchObject({ status: 'healthy' });
        const after = await writeFor(300, url, ledger, `after${round}`);
        expect(after.answered).toBeGreaterThan(0);
        expect(after.refusals).toEqual([]);
        expect(await findLosses(url, ledger)).toEqual([]);
      }
      expect(server.errors()).toContain('SQLITE_FULL');
      fillDisk();
      expect(await server.stop()).toBe(0);
      rmSync(ballast);
    }
    await using again = await serve({ folder: disk });
    expect(await findLosses(again.url, ledger)).toEqual([]);
  },
);

async function expectAllUnavailable(url: string): Promise<void> {
  const job = `${url}/v1/jobs/before-0-0`;
  const headers = { 'content-type': 'application/json' };
  const sample = JSON.stringify({ cpu_usage: 1, memory_usage_mb: 1 });
  const answers = await Promise.all([
    fetch(`${url}/v1/jobs`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ id: 'full', user: 'u', nodes: ['n'] }),
    }),
    fetch(`${job}/metrics`, { method: 'POST', headers, body: sample }),
    fetch(job, { method: 'PATCH', headers, body: '{"state":"failed"}' }),
    fetch(job, { method: 'DELETE' }),
  ]);
  for (const answer of answers) {
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.json()).toEqual({ error: 'unavailable', message: expect.any(String) });
  }
  const health = await fetch(`${url}/v1/health`);
  expect(health.status).toBe(503);
  expect(await health.json()).toMatchObject({ status: 'unhealthy' });
}

async function expectReadsGoOn(url: string): Promise<void> {
  for (const path of [
    '/v1/jobs?user=user%20of%20before',
    '/v1/jobs/before-0-0',
    '/v1/jobs/before-0-0/metrics',
    '/metrics',
  ]) {
    const answer = await fetch(`${url}${path}`);
    expect(answer.status, path).toBe(200);
    expect(await answer.text(), path).toContain('before-0-0');
  }
  expect((await fetch(`${url}/v1/jobs/full`)).status).toBe(404);
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
    /^hpc_observe_commits_total\{result="failed"\} [1-9]/m,
  );
}

testOnSmallDisk('a database that cannot be copied before a migration stays as it is', async () => {
  const folder = join(disk, 'old');
  mkdirSync(folder);
  const path = join(folder, 'hpc-observe.db');
  {
    using db = openForWriting(path);
    migrate(db, path, MIGRATIONS.slice(0, 3));
    db.run('CREATE TABLE filler (bytes BLOB); INSERT INTO filler VALUES (zeroblob(2000000))');
  }
  const before = readFileSync(path);
  writeFileSync(ballast, Buffer.alloc(statfsSync(disk).bavail * statfsSync(disk).bsize - 1_000_000));
  const { exitCode, stderr } = await runExecutable(['serve', '--port', '0'], { folder });
  rmSync(ballast);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^hpc-observe: .* was not migrated, .*no space left.*3 MiB.*\n$/);
  expect(readdirSync(folder)).toEqual(['hpc-observe.db']);
  expect(readFileSync(path).equals(before)).toBe(true);
  rmSync(folder, { recursive: true });
});

testOnSmallDisk('serve refuses a new database on a full disk in one line', async () => {
  const folder = join(disk, 'new');
  mkdirSync(folder);
  fillDisk();
  const { exitCode, stderr } = await runExecutable(['serve', '--port', '0'], { folder });
  rmSync(ballast);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^hpc-observe: .*space.*\n$/);
});
