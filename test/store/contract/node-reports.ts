import { expect, test } from 'bun:test';
import { type NodeReport, REPORT_LIFE_MS, type ReceivedReport } from '../../../src/domain/node-report.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { nodeReport } from '../../help/node-report.ts';
import { listReadings } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

const received = (fields: Partial<NodeReport> = {}, receivedMs = NOON_MS + 5): ReceivedReport => ({
  report: nodeReport(fields),
  receivedMs,
});

async function reportsOf(store: Store): Promise<ReceivedReport[]> {
  const all: ReceivedReport[] = [];
  for await (const page of store.nodeReports()) all.push(...page);
  return all;
}

export function nodeReports(makePlace: MakePlace) {
  test('the newest report of each node is kept, by the names of nodes, also over a restart', async () => {
    await using place = await emptyStore(makePlace);
    const later = received({ node: 'n2', timeMs: NOON_MS + 1, jobs: 7 }, NOON_MS + 9);
    await place.store.recordSamples([], undefined, later);
    await place.store.recordSamples([], undefined, received());
    await place.store.recordSamples([], undefined, received({ node: 'n2', jobs: 6 }, NOON_MS + 10));
    expect(await reportsOf(place.store)).toEqual([received(), later]);
    await place.reopen();
    expect(await reportsOf(place.store)).toEqual([received(), later]);
  });

  test('a report comes with samples, also with those that are refused or were stored before', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    const samples = [{ jobId: 'a', ...sample(0, { stamped: false }) }];
    expect(await store.recordSamples(samples, undefined, received())).toMatchObject({ stored: 1 });
    const again = received({ timeMs: NOON_MS + 1 });
    expect(await store.recordSamples(samples, undefined, again)).toMatchObject({ repeated: 1 });
    expect(await reportsOf(store)).toEqual([again]);
    const unknown = received({ timeMs: NOON_MS + 2 });
    const other = [{ ...samples[0]!, jobId: 'unknown' }];
    expect(await store.recordSamples(other, undefined, unknown)).toMatchObject({ refused: 1 });
    expect(await reportsOf(store)).toEqual([unknown]);
    expect((await listReadings(store, 'a', {}, 10)).total).toBe(1);
  });

  test('a batch of several parts stores its report once, with the last of them', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    const samples = Array.from({ length: 5000 }, (_, at) => ({
      jobId: 'a',
      ...sample(at, { stamped: false }),
    }));
    expect(await store.recordSamples(samples, undefined, received())).toMatchObject({ stored: 5000 });
    expect(await reportsOf(store)).toEqual([received()]);
  });

  test('the report of a node that was silent for 30 days is deleted, whatever else is kept', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    for (let node = 0; node < 120; node++)
      await store.recordSamples([], undefined, received({ node: `old-${node}` }));
    const kept = received({ node: 'new' }, NOON_MS + 6);
    await store.recordSamples([], undefined, kept);
    while (await store.expire({}, NOON_MS + 5 + REPORT_LIFE_MS));
    expect(await reportsOf(store)).toHaveLength(121);
    while (await store.expire({}, NOON_MS + 6 + REPORT_LIFE_MS));
    expect(await reportsOf(store)).toEqual([kept]);
  });
}
