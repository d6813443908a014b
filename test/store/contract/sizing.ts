import { expect, test } from 'bun:test';
import { thresholdsOf } from '../../../src/domain/finding/thresholds.ts';
import type { PastJob } from '../../../src/domain/job.ts';
import { MAX_PAST_RUNS, scriptLines, sizeRun } from '../../../src/domain/sizing/sizing.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { emptyStore, type MakePlace } from './place.ts';

const HOUR_MS = 60 * MINUTE_MS;
const LATER_MS = NOON_MS + 10 * 24 * HOUR_MS;
const LIKE = { name: 'train', account: 'physics', cpus: 4, memoryLimitMb: 4096, timeLimitSeconds: 36_000 };

async function settle(store: Store): Promise<void> {
  for (let steps = 0; await store.expire({}, LATER_MS); steps++) expect(steps).toBeLessThan(400);
}

/** A run of an hour. */
const train = (id: string, fields: Partial<PastJob> = {}): PastJob =>
  pastJob(id, { state: 'completed', endTimeMs: NOON_MS + HOUR_MS, details: LIKE, ...fields });

const pastOf = async (store: Store, id: string) => store.listPastRuns(await store.getJob(id));

export function sizing(makePlace: MakePlace) {
  test('what ended runs say of the next one is kept for those like it, and follows what was measured', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const out = { ...LIKE, rawState: 'OUT_OF_MEMORY' };
    await store.createJobs([
      train('1'),
      train('2', { state: 'failed', details: out }),
      train('other user', { user: 'bob' }),
      train('other name', { details: { ...LIKE, name: 'test' } }),
      train('other account', { details: { ...LIKE, account: 'chemistry' } }),
      train('other size', { details: { ...LIKE, cpus: 8 } }),
      train('other nodes', { nodes: ['n1', 'n2'] }),
      train('cancelled', { state: 'cancelled' }),
      pastJob('running', { details: LIKE }),
    ]);
    await store.recordSamples(
      Array.from({ length: 60 }, (_, minute) => ({
        ...{ jobId: '1', timeMs: NOON_MS + minute * MINUTE_MS, cpuUsage: 20, memoryUsageMb: 10 * minute },
        stamped: false,
      })),
    );
    await settle(store);
    const known = [
      { ranOutOf: 'memory', memoryMb: 4096 },
      { seconds: 3600, memoryMb: 590, cpus: 1 },
    ];
    expect(await pastOf(store, 'running')).toEqual(known as never);
    expect(await pastOf(store, 'other user')).toEqual([{ seconds: 3600 }]);
    const own = store.seenBy({ user: 'bob', accounts: [] });
    expect(await own.listPastRuns(await own.getJob('other user'))).toHaveLength(1);
    const needs = sizeRun(
      await store.getJob('running'),
      await pastOf(store, 'running'),
      thresholdsOf(['sizing-runs=2']),
    );
    expect(scriptLines(needs)).toEqual(['#SBATCH --mem=5G']);
    await store.updateJob('1', { state: 'failed' }, LATER_MS);
    await store.deleteJob('2');
    await settle(store);
    expect(await pastOf(store, 'running')).toEqual([]);
  });

  test('of many equal runs the latest are kept', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const jobs = Array.from({ length: MAX_PAST_RUNS + 50 }, (_, index) =>
      train(String(index), { endTimeMs: NOON_MS + (index + 1) * 1000 }),
    );
    await store.createJobs(jobs);
    await settle(store);
    const past = await pastOf(store, '7');
    expect(past).toHaveLength(MAX_PAST_RUNS);
    expect([past[0], past.at(-1)]).toEqual([{ seconds: jobs.length }, { seconds: 51 }]);
  });
}
