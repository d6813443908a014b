import { expect, test } from 'bun:test';
import type { Report } from '../../../src/domain/report.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { MINUTE_MS } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { listReadings } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;
const FIRST = 's0000000000001';
const SECOND = 's0000000000002';
const THIRD = 's0000000000003';

const running = (start: number, fields: Partial<Report> = {}): Report => ({
  source: 'squeue',
  observedMs: at(start + 1),
  id: '7',
  user: 'alice',
  state: 'running',
  rawState: 'RUNNING',
  submitTimeMs: at(start - 1),
  startTimeMs: at(start),
  nodes: ['n1'],
  ...fields,
});
const record = (start: number, end: number, fields: Partial<Report> = {}): Report => ({
  ...running(start),
  source: 'sacct',
  observedMs: at(100),
  state: 'completed',
  rawState: 'COMPLETED',
  endTimeMs: at(end),
  ...fields,
});

async function applyAll(store: Store, reports: readonly Report[]) {
  for (const report of reports) await store.applyReports([report]);
}

export function sluids(makePlace: MakePlace) {
  test('the SLUID of a run stays with it when another run follows', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await applyAll(store, [running(10, { sluid: FIRST }), running(30, { sluid: SECOND })]);
    const runs = await Array.fromAsync(store.streamRuns('7'));
    expect(runs.map(({ job }) => job.details?.sluid)).toEqual([SECOND, FIRST]);
    // The end of the first one comes late, and by its key alone.
    await store.applyReports([
      {
        source: 'hook',
        observedMs: at(31),
        id: '7',
        sluid: FIRST,
        state: 'failed',
        endTimeMs: at(20),
        exitCode: 3,
      },
    ]);
    expect(
      (await Array.fromAsync(store.streamRuns('7'))).map(({ job }) => [job.state, job.endTimeMs]),
    ).toEqual([
      ['running', undefined],
      ['failed', at(20)],
    ]);
  });

  test('the records of a resized run in accounting are one run', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await applyAll(store, [
      record(20, 40, { sluid: SECOND, submitTimeMs: at(20) }),
      running(10, { source: 'sacct', observedMs: at(20), resizedMs: [at(20)], sluid: FIRST }),
      record(20, 40, { sluid: SECOND, submitTimeMs: at(20) }),
    ]);
    const [run, ...others] = await Array.fromAsync(store.streamRuns('7'));
    expect(others).toEqual([]);
    expect(run!.job).toMatchObject({
      ...{ state: 'completed', startTimeMs: at(10), endTimeMs: at(40) },
      details: { sluid: FIRST, otherSluids: [SECOND], resizedMs: [at(20)], submitTimeMs: at(9) },
    });
  });

  test('suspended time does not count as run time and causes no event', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await applyAll(store, [
      running(0, { id: '8' }),
      running(0, { suspendedSeconds: 60 }),
      running(0, { observedMs: at(3), suspendedSeconds: 120 }),
    ]);
    expect(await store.getJob('7')).toMatchObject({ details: { suspendedSeconds: 120 } });
    expect(await store.listEvents('7')).toHaveLength(1);
    const list = { limit: 10, nowMs: at(10) };
    const longest = await store.listJobs({ ranges: { runtime: { min: 9 * MINUTE_MS } } }, list);
    expect(longest.jobs.map(({ id }) => id)).toEqual(['8']);
    const order = { sort: 'runtime', isAscending: true } as const;
    expect((await store.listJobs({}, { ...list, order })).jobs.map(({ id }) => id)).toEqual(['7', '8']);
    for await (const page of store.liveSeries(0)) {
      expect(page.map(({ jobId, suspendedSeconds }) => [jobId, suspendedSeconds]).sort()).toEqual([
        ['7', 120],
        ['8', 0],
      ]);
    }
  });

  test('a job with an unconfirmed earlier run is listed as unconfirmed for a while', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const lacking = async (sinceMs: number) =>
      (await store.listUnconfirmed(sinceMs))
        .filter(({ lacksRuns }) => lacksRuns)
        .map(({ id }) => id)
        .sort();
    await applyAll(store, [
      // Was requeued twice, and nobody has seen it.
      record(30, 40, { id: '1', restarts: 2 }),
      // Its first run has no end of Slurm's.
      running(10, { id: '2' }),
      running(30, { id: '2', restarts: 1 }),
      // All is known.
      record(10, 20, { id: '3', rawState: 'REQUEUED', state: 'cancelled' }),
      record(30, 40, { id: '3', restarts: 1 }),
      record(30, 40, { id: '4' }),
    ]);
    expect(await lacking(at(5))).toEqual(['1', '2']);
    expect(await lacking(at(50))).toEqual(['1']);
    expect(await lacking(at(101))).toEqual([]);
    await applyAll(store, [record(10, 20, { id: '2', rawState: 'REQUEUED', state: 'cancelled' })]);
    await applyAll(store, [record(10, 20, { id: '1', sluid: THIRD }), record(22, 25, { id: '1' })]);
    expect(await lacking(at(5))).toEqual([]);
  });

  test('a sample that names a run by SLUID belongs to it whatever its time', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await applyAll(store, [
      running(10, { sluid: FIRST, nodes: ['n1', 'n2'] }),
      running(30, { sluid: SECOND, nodes: ['n3'] }),
      // Never was the latest, so that samples cannot belong to it.
      record(1, 5, { sluid: THIRD }),
    ]);
    const reading = { cpuUsage: 1, memoryUsageMb: 1, stamped: false, jobId: '' };
    const batch = [
      // In the time of the second run, and on a node that only the first had.
      { ...reading, sluid: FIRST, timeMs: at(31), node: 'n2' },
      { ...reading, sluid: FIRST, timeMs: at(32), stamped: true },
      { ...reading, sluid: SECOND, timeMs: at(11) },
      { ...reading, jobId: '7', timeMs: at(12), node: 'n1' },
      { ...reading, sluid: SECOND, timeMs: at(33), node: 'n1' },
      { ...reading, sluid: THIRD, timeMs: at(3) },
      { ...reading, sluid: 's0000000000009', timeMs: at(3) },
    ];
    const result = await store.recordSamples(batch);
    expect(result).toMatchObject({ stored: 4, repeated: 0, refused: 3 });
    expect(result.refusals.map(({ index, error }) => [index, error])).toEqual([
      [4, 'validation_error'],
      [5, 'not_found'],
      [6, 'not_found'],
    ]);
    const times = async (run: number) =>
      (await listReadings(store, '7', { run }, 10)).samples.map(({ timeMs }) => timeMs);
    expect(await times(2)).toEqual([at(12), at(31), at(32)]);
    expect(await times(3)).toEqual([at(11)]);
    // Again, and in one batch with others: repeats, but for the stamped one.
    expect(await store.recordSamples(batch)).toMatchObject({ stored: 1, repeated: 3, refused: 3 });
    // What is remembered of a run is not what it was before.
    await applyAll(store, [running(50, { sluid: 's0000000000004', nodes: ['n1'] })]);
    expect(await store.recordSamples([{ ...reading, sluid: SECOND, timeMs: at(34) }])).toMatchObject({
      stored: 1,
    });
    expect(await times(3)).toEqual([at(11), at(34)]);
  });

  test('a job with thousands of runs costs a report no more than one with a few', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const cron = (run: number, fields: Partial<Report> = {}): Report => ({
      ...record(2 * run, 2 * run + 1, { submitTimeMs: at(2 * run - 1), restarts: run, ...fields }),
    });
    const runs = 1500;
    await store.applyReports(Array.from({ length: runs }, (_, run) => cron(run)));
    // Each of these once read and compared all runs: minutes altogether.
    const startMs = performance.now();
    const again = Array.from({ length: 200 }, (_, index) => cron(index * 7));
    expect(await store.applyReports(again)).toMatchObject({ stored: 0, repeated: 200 });
    await store.applyReports([cron(runs), cron(7, { state: 'failed', exitCode: 3, observedMs: at(99_999) })]);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    const found = await Array.fromAsync(store.streamRuns('7'));
    expect(found).toHaveLength(runs + 1);
    expect(found.filter(({ job }) => job.state === 'failed')).toHaveLength(1);
  });

  test('a resized run is found by its later SLUIDs, by samples and lists, also as an earlier run', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    // Two runs for squeue, which accounting joins later.
    await applyAll(store, [
      running(10, { sluid: FIRST }),
      running(20, { sluid: SECOND, submitTimeMs: at(20) }),
      record(20, 40, { sluid: FIRST, otherSluids: [SECOND], resizedMs: [at(20)], startTimeMs: at(10) }),
    ]);
    const reading = { cpuUsage: 1, memoryUsageMb: 1, stamped: false, jobId: '' };
    const found = async () =>
      (await store.listJobs({ sluid: SECOND }, { limit: 10, nowMs: at(100) })).jobs.map(({ id }) => id);
    expect(await store.recordSamples([{ ...reading, sluid: SECOND, timeMs: at(25) }])).toMatchObject({
      stored: 1,
    });
    expect(await found()).toEqual(['7']);
    await store.applyReports([running(50, { sluid: THIRD })]);
    expect(await store.recordSamples([{ ...reading, sluid: SECOND, timeMs: at(26) }])).toMatchObject({
      stored: 1,
    });
    expect(await found()).toEqual(['7']);
    const { samples } = await listReadings(store, '7', { run: 1 }, 10);
    expect(samples.map(({ timeMs }) => timeMs)).toEqual([at(25), at(26)]);
    await store.deleteJob('7');
    expect(await found()).toEqual([]);
    expect(await store.recordSamples([{ ...reading, sluid: SECOND, timeMs: at(27) }])).toMatchObject({
      refused: 1,
    });
  });

  test('batches that differ only in their SLUIDs belong to different runs', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    for (const [id, sluid] of [
      ['7', FIRST],
      ['8', SECOND],
    ] as const)
      await store.applyReports([running(10, { id, sluid })]);
    const batch = (sluid: string) =>
      Array.from({ length: 100 }, (_, index) => ({
        jobId: '',
        sluid,
        timeMs: at(11) + index,
        cpuUsage: 1,
        memoryUsageMb: 1,
        stamped: false,
      }));
    for (const sluid of [FIRST, SECOND]) {
      expect(await store.recordSamples(batch(sluid))).toMatchObject({ stored: 100, repeated: 0 });
    }
    for (const id of ['7', '8']) expect((await listReadings(store, id, {}, 1)).total).toBe(100);
  });
}
