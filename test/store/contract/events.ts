import { expect, test } from 'bun:test';
import { createRandom } from '../../../src/demo/random.ts';
import { JOB_STATES } from '../../../src/domain/job.ts';
import type { Report } from '../../../src/domain/report.ts';
import type { JobEvent } from '../../../src/domain/store/runs.ts';
import { MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { seeds } from '../../help/seeds.ts';
import { emptyStore, type MakePlace } from './place.ts';

const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;

const report = (minutes: number, fields: Partial<Report> = {}): Report => ({
  ...{ id: '7', source: 'squeue', observedMs: at(minutes), user: 'alice', submitTimeMs: at(0) },
  ...{ state: 'running', startTimeMs: at(1), nodes: ['n1', 'n2'], partition: 'debug', name: 'train' },
  ...fields,
});

export function events(makePlace: MakePlace) {
  test('the first event of a job has all that was known then, even if all of it has changed', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const details = { name: 'x', qos: 'low', allocations: [{ node: 'n1', cpus: 2 }] };
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'], details })]);
    const first: JobEvent = {
      timeMs: NOON_MS,
      source: 'api',
      change: { user: 'alice', nodes: ['n1', 'n2'], state: 'running', startTimeMs: NOON_MS, ...details },
    };
    expect(await store.listEvents('a')).toEqual([first]);
    await store.updateJob('a', { state: 'completed', details: { name: 'y', exitCode: 0 } }, at(1));
    await store.updateJob('a', { state: 'running' }, at(2));
    await store.updateJob('a', { details: { name: 'z', gpus: 1 } }, at(3));
    expect(await store.listEvents('a')).toEqual([
      first,
      {
        timeMs: at(1),
        source: 'api',
        change: { state: 'completed', endTimeMs: at(1), name: 'y', exitCode: 0 },
      },
      { timeMs: at(2), source: 'api', change: { state: 'running', endTimeMs: null } },
      { timeMs: at(3), source: 'api', change: { name: 'z', gpus: 1 } },
    ]);
  });

  test('the first event of a scheduler’s job keeps its time and source, and outlives its run', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const { nodes: _n, startTimeMs: _s, ...waiting } = report(0, { state: 'pending', reason: 'Priority' });
    await store.applyReports([waiting]);
    const { id: _i, source, observedMs: timeMs, ...change } = waiting;
    const first = { timeMs, source, change };
    expect(await store.listEvents('7')).toEqual([first]);
    await store.applyReports([
      report(2),
      report(9, { source: 'jobcomp', state: 'failed', endTimeMs: at(9) }),
    ]);
    expect((await store.listEvents('7'))[0]).toEqual(first);
    await store.applyReports([report(30, { startTimeMs: at(29), restarts: 1 })]);
    expect(await Array.fromAsync(store.streamRuns('7'))).toHaveLength(2);
    expect((await store.listEvents('7'))[0]).toEqual(first);
  });

  test.each(seeds(3))('events of a job never change once they are read (seed %d)', async (seed) => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const random = createRandom(seed);
    const pick = <Value>(...values: Value[]) => values[Math.floor(random() * values.length)]!;
    const told = new Map<string, JobEvent[]>();
    for (let step = 0; step < 150; step++) {
      const id = pick('1', '2', '3', '4', '5');
      const start = Math.floor(step / 12) * 12;
      const details = pick({ name: 'x' }, { name: 'y', exitCode: 1 }, { partition: 'gpu', workDir: '/w' });
      const said = (fields: Partial<Report>) =>
        report(step, { id, startTimeMs: at(start), ...fields, ...details });
      const call = pick<() => Promise<unknown>>(
        () =>
          store.applyReports([said({ source: pick('hook', 'squeue', 'sacct'), user: pick('alice', 'bob') })]),
        () =>
          store.applyReports([
            said({ source: pick('sacct', 'jobcomp'), state: 'failed', endTimeMs: at(step) }),
          ]),
        () => store.createJobs([pastJob(id, { startTimeMs: at(step), details })]),
        () => store.updateJob(id, { state: pick(...JOB_STATES), ...pick({}, { details }) }, at(step)),
        () => store.updateJob(id, { details }, at(step)),
      );
      await call().catch(() => {});
      const isGone = random() < 0.05;
      if (isGone) await store.deleteJob(id).catch(() => {});
      const before = isGone ? [] : (told.get(id) ?? []);
      const now = await store.listEvents(id).catch(() => []);
      expect(now.slice(0, before.length)).toEqual(before);
      told.set(id, now);
    }
    expect([...told.values()].filter((list) => list.length > 4).length).toBeGreaterThan(0);
  });
}
