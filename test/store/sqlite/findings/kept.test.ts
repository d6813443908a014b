import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import type { Store } from '../../../../src/domain/store/store.ts';
import { MINUTE_MS, pastJob } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';
import { openStore } from '../../../help/store.ts';

const HOUR_MS = 60 * MINUTE_MS;
const LATER_MS = NOON_MS + 24 * HOUR_MS;

/** Takes all steps; returns how many had something to do. */
async function settle(store: Store): Promise<number> {
  for (let steps = 0; ; steps++) {
    if (!(await store.expire({}, LATER_MS))) return steps;
    expect(steps).toBeLessThan(400);
  }
}

const harmed = async (store: Store) =>
  (await store.listJobs({ severity: 'harm' }, { limit: 10, nowMs: LATER_MS })).jobs.map(({ id }) => id);

const run = (atMs: number) => ({
  ...({ source: 'sacct', observedMs: LATER_MS, id: '1', user: 'alice', nodes: ['n1'] } as const),
  ...({ state: 'failed', exitCode: 3 } as const),
  ...{ startTimeMs: NOON_MS + atMs, endTimeMs: NOON_MS + atMs + HOUR_MS },
});

test('what an earlier version found is judged anew by its rules at the first start, and only then', async () => {
  using folder = temporaryFolder();
  const path = folder.file('kept.db');
  let store = await openStore(path);
  await store.applyReports([run(0), run(2 * HOUR_MS)]);
  await store.createJobs([pastJob('2'), pastJob('3', { state: 'completed', endTimeMs: NOON_MS + HOUR_MS })]);
  await settle(store);
  await store.close();
  using db = new Database(path);
  const kept = () => db.query('SELECT run, kind, severity FROM run_finding ORDER BY run, kind').all();
  const right = kept();
  expect(right).toHaveLength(2);
  // The other version found nothing of the job, and of its earlier run what this one does not find.
  const change = () => {
    db.run("UPDATE counter SET value = value + 1 WHERE name = 'note:rules'");
    db.run(
      'UPDATE run_finding SET severity = (severity + 1) % 3 WHERE run = (SELECT min(run) FROM run_finding)',
    );
    db.run('DELETE FROM run_finding WHERE run = (SELECT max(run) FROM run_finding)');
    return kept();
  };
  const wrong = change();
  expect(wrong).not.toEqual(right);
  store = await openStore(path);
  expect(await settle(store)).toBeGreaterThan(0);
  expect(await harmed(store)).toEqual(['1']);
  expect(kept()).toEqual(right);
  await store.close();
  // With the same rules a start judges nothing.
  db.run('DELETE FROM run_finding');
  store = await openStore(path);
  await settle(store);
  expect(kept()).toEqual([]);
  // A command does.
  expect(await store.judgeAnew()).toBe(2);
  await settle(store);
  expect(kept()).toEqual(right);
  await store.close();
});

test('a kill in the middle of judging anew loses nothing of it', async () => {
  using folder = temporaryFolder();
  const path = folder.file('kept.db');
  let store = await openStore(path);
  const jobs = Array.from({ length: 200 }, (_, index) =>
    pastJob(`${index}`, { state: 'failed', endTimeMs: NOON_MS + HOUR_MS, details: { exitCode: 3 } }),
  );
  await store.createJobs(jobs);
  await settle(store);
  await store.close();
  using db = new Database(path);
  const count = () => db.query<{ runs: number }, []>('SELECT count(*) AS runs FROM run_finding').get()!.runs;
  const all = count();
  expect(all).toBeGreaterThanOrEqual(jobs.length);
  db.run("UPDATE counter SET value = value + 1 WHERE name = 'note:rules'");
  db.run('DELETE FROM run_finding');
  store = await openStore(path);
  await store.expire({}, LATER_MS);
  await store.close();
  expect(count()).toBeLessThan(all);
  store = await openStore(path);
  await settle(store);
  await store.close();
  expect(count()).toBe(all);
});
