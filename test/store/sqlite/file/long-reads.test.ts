import type { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { readdirSync, readlinkSync } from 'node:fs';
import { SLICE_MS } from '../../../../src/pace.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { connectionPool } from '../../../../src/store/sqlite/file/connections.ts';
import { longReads } from '../../../../src/store/sqlite/file/long-reads.ts';
import { temporaryFolder } from '../../../help/folder.ts';
import { countTurns } from '../../../help/turns.ts';

/** Opens a database with one table of numbers. */
function startReads() {
  const folder = temporaryFolder();
  const path = folder.file('numbers.db');
  const writer = openForWriting(path);
  writer.run('CREATE TABLE number (value INTEGER)');
  writer.run('INSERT INTO number VALUES (1)');
  const pool = connectionPool(path);
  return {
    path,
    pool,
    writer,
    reads: longReads(pool),
    [Symbol.dispose]() {
      pool.close();
      writer.close();
      folder[Symbol.dispose]();
    },
  };
}

/**
 * Lists the descriptors of this process that are open on a file. SQLite reuses
 * those of closed connections to the database while any is open, because
 * closing one would release the locks of all; those to the log it closes.
 */
const descriptorsOf = (path: string) =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;

function busy(ms: number) {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

/** Works for some slices, and calls `note` at the start of each. */
function* workFor(slices: number, note: () => void): Generator<undefined, void> {
  for (let slice = 0; slice < slices; slice++) {
    note();
    busy(SLICE_MS);
    yield;
  }
}

test('all long reads together get one slice per turn of the event loop', async () => {
  using place = startReads();
  const counted = countTurns();
  const turns: number[] = [];
  const note = () => void turns.push(counted.soFar());
  await Promise.all(Array.from({ length: 5 }, () => place.reads.compute(() => workFor(4, note))));
  counted.stop();
  expect(turns).toHaveLength(20);
  expect(new Set(turns).size).toBe(20);
});

test('short steps of a read share a slice, long steps do not', async () => {
  using place = startReads();
  const turnsOf = async (stepMs: number) => {
    const counted = countTurns();
    await place.reads.compute(function* () {
      for (let step = 0; step < 20; step++) {
        busy(stepMs);
        yield;
      }
    });
    return counted.stop();
  };
  expect(await turnsOf(0)).toBeLessThan(10);
  expect(await turnsOf(SLICE_MS)).toBeGreaterThanOrEqual(20);
});

const countNumbers = (db: Database) =>
  db.query<{ n: number }, []>('SELECT count(*) AS n FROM number').get()!.n;

test('a read sees one snapshot, and the next read a later one', async () => {
  using place = startReads();
  const count = function* (db: Database) {
    yield countNumbers(db);
    yield countNumbers(db);
  };
  const seen: number[] = [];
  for await (const numbers of place.reads.stream(count)) {
    seen.push(numbers);
    place.writer.run('INSERT INTO number VALUES (2)');
  }
  for await (const numbers of place.reads.stream(count)) seen.push(numbers);
  expect(seen).toEqual([1, 1, 3, 3]);
});

test('an aborted read ends at its next slice and its generator is closed', async () => {
  using place = startReads();
  const abort = new AbortController();
  let steps = 0;
  let isEnded = false;
  const reading = place.reads.compute(function* () {
    try {
      for (;;) {
        steps++;
        if (steps === 3) abort.abort(new Error('gone'));
        busy(SLICE_MS);
        yield;
      }
    } finally {
      isEnded = true;
    }
  }, abort.signal);
  expect(await reading.catch((error: Error) => error.message)).toBe('gone');
  expect([steps, isEnded]).toEqual([3, true]);
});

test('after many reads at once only a few connections stay open', async () => {
  using place = startReads();
  const log = `${place.path}-wal`;
  const before = descriptorsOf(log);
  const manyReads = async () => {
    const open = Array.from({ length: 12 }, () =>
      place.reads.stream(function* (db) {
        yield countNumbers(db);
        yield countNumbers(db);
      }),
    );
    for (const read of open) expect((await read.next()).value).toBe(1);
    expect(descriptorsOf(log)).toBe(before + 12);
    for (const read of open) await read.return();
    expect(descriptorsOf(log)).toBe(before + 4);
    return descriptorsOf(place.path);
  };
  expect(await manyReads()).toBe(await manyReads());
  place.pool.close();
  expect(descriptorsOf(log)).toBe(before);
});

test('closing the pool ends a running read at its next slice and closes its connection', async () => {
  using place = startReads();
  const before = descriptorsOf(`${place.path}-wal`);
  const read = place.reads.stream(function* (db) {
    for (;;) yield countNumbers(db);
  });
  await read.next();
  place.pool.close();
  expect(await read.next().catch((error: { code: string }) => error.code)).toBe('unavailable');
  expect(descriptorsOf(`${place.path}-wal`)).toBe(before);
});

test('large streams beyond the limit are refused until one ends; streams that go first never are', async () => {
  using place = startReads();
  const count = function* (db: Database) {
    for (;;) yield countNumbers(db);
  };
  const open = Array.from({ length: 5 }, () => place.reads.streamMuch(count));
  for (const read of open) await read.next();
  const next = () => place.reads.streamMuch(count).next();
  expect(await next().catch((error: { code: string }) => error.code)).toBe('unavailable');
  const scrape = place.reads.streamFirst(count);
  expect((await scrape.next()).value).toBe(1);
  await open.pop()!.return();
  expect(await next()).toEqual({ done: false, value: 1 });
});
