import { expect, test } from 'bun:test';
import type { Sparkline } from '../../../src/domain/sparkline.ts';
import type { JobSample } from '../../../src/domain/store/samples.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { MINUTE_MS, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { emptyStore, type MakePlace } from './place.ts';

const EVENING_MS = NOON_MS + 24 * 60 * MINUTE_MS;

async function sealAll(store: Store): Promise<void> {
  for (let steps = 0; steps < 2000; steps++) if (!(await store.expire({}, EVENING_MS))) return;
  throw new Error('expire never says that it is done');
}

/** A sample a minute and node: the CPU is that of the hour, the memory and GPU that of the node. */
const samplesOf = (jobId: string, minutes: number, nodes: readonly string[]): JobSample[] =>
  Array.from({ length: minutes }, (_, minute) =>
    nodes.map((node, place) => ({
      ...{ jobId, node, timeMs: NOON_MS + minute * MINUTE_MS, stamped: false },
      ...{ cpuUsage: Math.floor(minute / 60), memoryUsageMb: 100 * (place + 1), gpuUsage: 10 * place },
    })),
  ).flat();

/** Expects 16 spans of half an hour, each with the CPU of its hour. */
function expectEightHours(line: Sparkline | undefined): void {
  expect(line).toEqual({
    ...{ jobId: 'a', startMs: NOON_MS, spanMs: 30 * MINUTE_MS },
    cpuUsage: Array.from({ length: 16 }, (_, half) => Math.floor(half / 2)),
    memoryUsageMb: Array.from({ length: 16 }, () => 300),
    gpuUsage: Array.from({ length: 16 }, () => 5),
  });
}

export function sparklines(makePlace: MakePlace) {
  test('the line of a long job has the same spans and values before and after its samples are sealed', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] })]);
    await store.recordSamples(samplesOf('a', 480, ['n1', 'n2']));
    expectEightHours((await store.readSparklines(['a'], 30)).lines[0]);
    await sealAll(store);
    expectEightHours((await store.readSparklines(['a'], 30)).lines[0]);
    expectEightHours((await store.readSparklines(['a'], 17)).lines[0]);
  });

  test('a line is made of sealed and unsealed samples together, and time without samples is empty', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    for (const minute of [0, 1, 2]) await store.recordSample('a', sample(minute * MINUTE_MS));
    await sealAll(store);
    for (const minute of [8, 9]) await store.recordSample('a', sample(minute * MINUTE_MS, { cpuUsage: 80 }));
    const { lines } = await store.readSparklines(['a'], 10);
    const { cpuUsage, spanMs, gpuUsage } = lines[0]!;
    expect(spanMs).toBeLessThanOrEqual(MINUTE_MS);
    expect(cpuUsage.filter((value) => !Number.isNaN(value))).toEqual([50, 50, 50, 80, 80]);
    expect(cpuUsage.slice(3, 8).every(Number.isNaN)).toBe(true);
    expect(gpuUsage).toBeUndefined();
  });

  test('points of an old job are in its line, also the one that begins before its first sample', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { state: 'completed', endTimeMs: NOON_MS + 40 * MINUTE_MS })]);
    const late = samplesOf('a', 30, ['n1']).map((row) => ({ ...row, timeMs: row.timeMs + 7 * MINUTE_MS }));
    await store.recordSamples(late);
    await sealAll(store);
    const retention = { sampleMs: 60 * MINUTE_MS, jobMs: Number.MAX_SAFE_INTEGER };
    while (await store.expire(retention, EVENING_MS));
    const { lines } = await store.readSparklines(['a'], 30);
    expect(lines[0]!.memoryUsageMb.filter((value) => !Number.isNaN(value))).toEqual([100, 100, 100]);
    expect(lines[0]!.memoryUsageMb[0]).toBe(100);
  });

  test('jobs are in the order of the question; unknown ones and those without samples are left out', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] }), pastJob('b'), pastJob('empty')]);
    await store.recordSamples([...samplesOf('a', 3, ['n1', 'n2']), ...samplesOf('b', 3, ['n1'])]);
    const { lines, skipped } = await store.readSparklines(['a', 'none', 'empty', 'b'], 30);
    expect(lines.map(({ jobId }) => jobId)).toEqual(['a', 'b']);
    expect(skipped).toEqual([]);
  });

  test('somebody who sees own jobs has no line of another one, as if there were no such job', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([
      pastJob('own'),
      pastJob('foreign', { user: 'bob' }),
      pastJob('shared', { user: 'bob', details: { account: 'physics' } }),
    ]);
    const ids = ['own', 'foreign', 'shared'];
    for (const id of ids) await store.recordSample(id, sample(0));
    const idsFor = async (accounts: string[]) =>
      (await store.seenBy({ user: 'alice', accounts }).readSparklines(ids, 30)).lines.map(
        ({ jobId }) => jobId,
      );
    expect(await idsFor([])).toEqual(['own']);
    expect(await idsFor(['physics'])).toEqual(['own', 'shared']);
  });

  test('a job of very many nodes is skipped and others are not', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const nodes = Array.from({ length: 2001 }, (_, index) => `n${index}`);
    await store.createJobs([pastJob('huge', { nodes }), pastJob('small'), pastJob('hidden', { nodes })]);
    await store.recordSamples([...samplesOf('huge', 1, nodes), ...samplesOf('small', 2, ['n1'])]);
    const { lines, skipped } = await store.readSparklines(['huge', 'small'], 30);
    expect([lines.map(({ jobId }) => jobId), skipped]).toEqual([['small'], ['huge']]);
    // That a job is skipped would say that there is one.
    expect(await store.seenBy({ user: 'eve', accounts: [] }).readSparklines(['huge'], 30)).toEqual({
      lines: [],
      skipped: [],
    });
  });

  test('of many unsealed samples enough are read that the line has no holes', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const nodes = Array.from({ length: 100 }, (_, index) => `n${index}`);
    await store.createJobs([pastJob('a', { nodes })]);
    const rows = Array.from({ length: 240 }, (_, step) =>
      nodes.map((node) => ({
        ...{ jobId: 'a', node, timeMs: NOON_MS + step * 15_000, stamped: false },
        ...{ cpuUsage: step, memoryUsageMb: 10 },
      })),
    ).flat();
    await store.recordSamples(rows.map((row) => ({ ...row, cpuUsage: row.cpuUsage / 4 })));
    const { lines } = await store.readSparklines(['a'], 30);
    const { cpuUsage, memoryUsageMb } = lines[0]!;
    expect(memoryUsageMb).toEqual(Array.from({ length: 30 }, () => 1000));
    for (const [place, value] of cpuUsage.entries())
      expect(Math.abs(value - (place * 2 + 0.875))).toBeLessThan(1);
  });

  test('a read that nobody waits for any longer is ended', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    await store.recordSample('a', sample(0));
    const reading = store.readSparklines(['a'], 30, AbortSignal.abort('gone'));
    expect(await reading.catch((reason) => reason)).toBe('gone');
  });
}
