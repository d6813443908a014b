import { afterEach, describe, expect, test } from 'bun:test';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../../../src/domain/report.ts';
import { REPORT_READER } from '../../../src/slurm/hooks/event.ts';
import { type Spool, startSpool } from '../../../src/slurm/hooks/spool.ts';
import { temporaryFolder } from '../../help/folder.ts';
import { hookFile } from '../hook-file.ts';

const NOW_MS = Date.now();
/** Longer than any test: only a notification can deliver an event in time. */
const NEVER_MS = 3_600_000;

const running = new Set<Spool>();
afterEach(async () => {
  await Promise.all([...running].map((spool) => spool.stop()));
  running.clear();
});

/** Starts a spool and collects its batches and warnings. */
function start(folder: string, { pollMs = NEVER_MS, deliver = async () => {} }: Partial<StartOptions> = {}) {
  const batches: Report[][] = [];
  const warnings: string[] = [];
  const debugged: [event: string, fields: Record<string, unknown>][] = [];
  const spool = startSpool({
    folder,
    reader: REPORT_READER,
    pollMs,
    now: Date.now,
    warn: (event) => warnings.push(event),
    debug: (event, fields) => debugged.push([event, fields]),
    deliver: async (reports) => {
      await deliver(reports);
      batches.push([...reports]);
    },
  });
  running.add(spool);
  return { spool, batches, warnings, debugged, ids: () => batches.flat().map(({ id }) => id) };
}
type StartOptions = { pollMs: number; deliver: (reports: readonly Report[]) => Promise<void> };

async function until(condition: () => boolean): Promise<void> {
  const giveUpMs = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > giveUpMs) throw new Error('The condition was not met within 10 s.');
    await Bun.sleep(5);
  }
}

/** Returns the event of job `id`, one millisecond after that of the previous job. */
const eventOf = (id: number) =>
  hookFile('prolog_slurmctld', NOW_MS - 60_000 + id, { SLURM_JOB_ID: String(id), SLURM_JOB_USER: 'alice' });

/** Writes an event to a folder as a hook does and returns its path. */
function put(folder: string, id: number): string {
  const { name, bytes } = eventOf(id);
  const path = join(folder, name);
  writeFileSync(join(folder, `.${name}.tmp`), bytes);
  renameSync(join(folder, `.${name}.tmp`), path);
  return path;
}

describe('delivery', () => {
  test('the spool delivers the events that are there in the order of their times and then removes them', async () => {
    using folder = temporaryFolder();
    for (const id of [3, 1, 2]) put(folder.path, id);
    const { spool, batches } = start(folder.path, {
      deliver: async () => expect(readdirSync(folder.path)).toHaveLength(3),
    });
    await until(() => readdirSync(folder.path).length === 0);
    expect(batches.map((batch) => batch.map(({ id }) => id))).toEqual([['1', '2', '3']]);
    expect(batches[0]![0]).toMatchObject({ source: 'hook', state: 'running', observedMs: NOW_MS - 59_999 });
    await spool.stop();
    expect(spool.state()).toEqual({ length: 0, processed: 3, bad: 0, failed: 0 });
  });

  test('the spool delivers events that arrive later', async () => {
    using folder = temporaryFolder();
    const { ids } = start(folder.path);
    await Bun.sleep(100);
    put(folder.path, 1);
    await until(() => ids().length === 1);
    put(folder.path, 2);
    await until(() => ids().length === 2);
    expect(ids()).toEqual(['1', '2']);
  });

  test('the spool delivers 1,200 events in batches of at most 500', async () => {
    using folder = temporaryFolder();
    for (let id = 1; id <= 1200; id++) put(folder.path, id);
    const { batches, debugged, ids } = start(folder.path);
    await until(() => debugged.length === 3);
    const logged = [500, 500, 200].map((reports) => [
      'slurm_spool_batch',
      { ms: expect.any(Number), files: reports, reports },
    ]);
    expect(debugged).toEqual(logged as never);
    expect(batches.map((batch) => batch.length)).toEqual([500, 500, 200]);
    expect(ids()).toEqual(Array.from({ length: 1200 }, (_, position) => String(position + 1)));
  });

  test('events that cannot be stored stay and are delivered again later, not at once', async () => {
    using folder = temporaryFolder();
    put(folder.path, 1);
    let isAvailable = false;
    let attempts = 0;
    const { spool, ids, warnings } = start(folder.path, {
      deliver: async () => {
        attempts++;
        if (!isAvailable) throw new Error('the disk is full');
      },
    });
    await until(() => attempts === 1);
    put(folder.path, 2);
    await Bun.sleep(200);
    expect(attempts).toBe(1);
    expect(spool.state()).toMatchObject({ length: 1, oldestMs: NOW_MS - 59_999, processed: 0, failed: 1 });
    isAvailable = true;
    await until(() => readdirSync(folder.path).length === 0);
    expect(ids()).toEqual(['1', '2']);
    expect(spool.state()).toMatchObject({ processed: 2, failed: 1 });
    expect(warnings).toEqual(['slurm_events_not_stored']);
  });

  test('the state of the spool counts the waiting events during a delivery', async () => {
    using folder = temporaryFolder();
    put(folder.path, 1);
    put(folder.path, 2);
    const gate = Promise.withResolvers<void>();
    const { spool } = start(folder.path, { deliver: () => gate.promise });
    await until(() => spool.state().length > 0);
    expect(spool.state()).toEqual({ length: 2, oldestMs: NOW_MS - 59_999, processed: 0, bad: 0, failed: 0 });
    gate.resolve();
    await until(() => spool.state().processed === 2);
  });

  test('a stopped spool delivers its current batch and leaves the other events', async () => {
    using folder = temporaryFolder();
    for (let id = 1; id <= 700; id++) put(folder.path, id);
    const gate = Promise.withResolvers<void>();
    const { spool } = start(folder.path, { deliver: () => gate.promise });
    await until(() => spool.state().length > 0);
    const stopped = spool.stop();
    gate.resolve();
    await stopped;
    expect(readdirSync(folder.path)).toHaveLength(200);
    expect(spool.state()).toMatchObject({ length: 200, processed: 500 });
    put(folder.path, 701);
    await Bun.sleep(100);
    expect(readdirSync(folder.path)).toHaveLength(201);
  });
});

describe('other files', () => {
  test('unreadable files are moved aside and the others delivered', async () => {
    using folder = temporaryFolder();
    using elsewhere = temporaryFolder();
    const names = [10, 11, 12, 13, 14, 15].map((id) => eventOf(id).name);
    const [garbage, empty, huge, link, pipe, directory] = names.map((name) => folder.file(name));
    writeFileSync(garbage!, 'garbage');
    writeFileSync(empty!, '');
    writeFileSync(huge!, new Uint8Array(10 * 1024 * 1024));
    writeFileSync(elsewhere.file('secret'), eventOf(13).bytes);
    symlinkSync(elsewhere.file('secret'), link!);
    expect(Bun.spawnSync(['mkfifo', pipe!]).exitCode).toBe(0);
    mkdirSync(directory!);
    writeFileSync(folder.file('unknown.event'), eventOf(1).bytes);
    put(folder.path, 20);
    const { spool, ids, warnings } = start(folder.path);
    await until(() => ids().length === 1);
    await until(() => spool.state().bad === 7);
    expect(ids()).toEqual(['20']);
    expect(readdirSync(folder.path)).toEqual(['bad']);
    expect(readdirSync(folder.file('bad')).sort()).toEqual([...names, 'unknown.event'].sort());
    expect(existsSync(elsewhere.file('secret'))).toBe(true);
    expect(warnings).toEqual(['slurm_event_invalid']);
  });

  test('files of other programs are left alone', async () => {
    using folder = temporaryFolder();
    mkdirSync(folder.file('lost+found'));
    writeFileSync(folder.file('README'), 'keep');
    put(folder.path, 1);
    const { ids } = start(folder.path);
    await until(() => ids().length === 1 && readdirSync(folder.path).length === 2);
    expect(readdirSync(folder.path).sort()).toEqual(['README', 'lost+found']);
  });

  test('files that killed hooks left unfinished are removed after ten minutes', async () => {
    using folder = temporaryFolder();
    const [old, young] = [1, 2].map((id) => folder.file(`.${eventOf(id).name}.tmp`));
    writeFileSync(old!, 'half');
    writeFileSync(young!, 'half');
    utimesSync(old!, new Date(), new Date(Date.now() - 11 * 60_000));
    const { spool } = start(folder.path);
    await until(() => !existsSync(old!));
    expect(existsSync(young!)).toBe(true);
    expect(spool.state()).toMatchObject({ processed: 0, bad: 0 });
  });
});

describe('the folder', () => {
  test('the spool folder may be created later, be removed and come back', async () => {
    using holder = temporaryFolder();
    const folder = holder.file('spool');
    const { ids, warnings } = start(folder, { pollMs: 50 });
    await Bun.sleep(120);
    expect(warnings).toEqual(['slurm_spool_unreadable']);
    for (const id of [1, 2, 3]) {
      mkdirSync(folder);
      put(folder, id);
      await until(() => ids().length === id);
      await until(() => readdirSync(folder).length === 0);
      rmSync(folder, { recursive: true });
      await Bun.sleep(120);
    }
    expect(ids()).toEqual(['1', '2', '3']);
    expect(warnings).toHaveLength(4);
  });

  test('a spool folder that was replaced is watched again', async () => {
    using holder = temporaryFolder();
    const folder = holder.file('spool');
    mkdirSync(folder);
    const { ids } = start(folder, { pollMs: 2000 });
    put(folder, 1);
    await until(() => ids().length === 1);
    renameSync(folder, holder.file('old'));
    mkdirSync(folder);
    put(folder, 2);
    await until(() => ids().length === 2);
    // Long before the next scan.
    const beforeMs = performance.now();
    put(folder, 3);
    await until(() => ids().length === 3);
    expect(performance.now() - beforeMs).toBeLessThan(1500);
  });
});

test('an event that cannot be removed is delivered only once', async () => {
  using folder = temporaryFolder();
  const path = put(folder.path, 1);
  const { spool, ids } = start(folder.path, {
    pollMs: 20,
    // Not even root can unlink a folder.
    deliver: async ([report]) => {
      if (report!.id !== '1') return;
      rmSync(path);
      mkdirSync(path);
    },
  });
  await until(() => spool.state().failed > 3);
  rmdirSync(path);
  put(folder.path, 2);
  await until(() => spool.state().processed === 2);
  expect(ids()).toEqual(['1', '2']);
  expect(existsSync(folder.file('bad'))).toBe(false);
});

test('events with long node lists are delivered in portions of about 100,000 nodes', async () => {
  using folder = temporaryFolder();
  for (let id = 1; id <= 100; id++) {
    const { name, bytes } = hookFile('prolog_slurmctld', NOW_MS - 60_000 + id, {
      SLURM_JOB_ID: String(id),
      SLURM_JOB_USER: 'alice',
      SLURM_JOB_NODELIST: 'n[1-5000]',
    });
    writeFileSync(join(folder.path, name), bytes);
  }
  const { batches, ids } = start(folder.path);
  await until(() => ids().length === 100);
  expect(ids()).toEqual(Array.from({ length: 100 }, (_, at) => String(at + 1)));
  for (const batch of batches) {
    expect(batch.reduce((sum, { nodes = [] }) => sum + nodes.length, 0)).toBeLessThanOrEqual(
      100_000 + 32 * 5000,
    );
  }
});
