import { expect, test } from 'bun:test';
import { createLog } from '../../src/log.ts';
import { startRetention } from '../../src/service/retention.ts';
import { listReadings } from '../help/readings.ts';
import { startService } from '../help/service.ts';

/** Waits until `isSo`; the time limit of the test is the limit. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await Bun.sleep(5);
}

async function startWithSamples(count: number, maxUnsealedSamples?: number) {
  const service = await startService({ maxUnsealedSamples });
  const { store, clock } = service;
  await store.createJob({ id: 'a', user: 'alice', nodes: ['n1'] }, clock.now());
  const usage = { cpuUsage: 1, memoryUsageMb: 1, stamped: true };
  await store.recordSamples(
    Array.from({ length: count }, (_, index) => ({ jobId: 'a', timeMs: clock.now() + index, ...usage })),
  );
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    format: 'text',
    write: (line) => lines.push(line),
    now: clock.now,
  });
  const total = async () => (await listReadings(store, 'a', {}, 1)).total;
  return { ...service, log, lines, total, [Symbol.asyncDispose]: service[Symbol.asyncDispose] };
}

test('what is too old goes step by step, and the rest stays', async () => {
  await using service = await startWithSamples(3500);
  const { store, clock, log, total } = service;
  clock.advance(3400 + 1000);
  const retention = startRetention({
    store,
    now: clock.now,
    log,
    keep: { sampleMs: 1000, summaryMs: 0 },
  });
  await until(async () => (await total()) === 100);
  await retention.stop();
  expect(service.lines).toEqual([]);
});

test('a store that refuses is told in the log, and ends nothing', async () => {
  await using service = await startWithSamples(1);
  const { store, clock, log, lines } = service;
  await store.close();
  const retention = startRetention({
    store,
    now: clock.now,
    log,
    keep: {},
  });
  await until(() => lines.length > 0);
  await retention.stop();
  expect(lines).toEqual([expect.stringContaining('WARN  retention_failed cause=')]);
});

test('once it is stopped, nothing goes any more', async () => {
  await using service = await startWithSamples(10);
  const { store, clock, log, total } = service;
  clock.advance(10_000);
  await startRetention({
    store,
    now: clock.now,
    log,
    keep: { sampleMs: 1 },
  }).stop();
  await Bun.sleep(60);
  expect(await total()).toBe(10);
});

test('many samples that arrive after a check are sealed within seconds, whatever their age', async () => {
  await using service = await startWithSamples(1, 4000);
  const { store, clock, log } = service;
  const retention = startRetention({ store, now: clock.now, log, keep: {} });
  await until(() => store.status().unsealedSamples === 1);
  const usage = { cpuUsage: 1, memoryUsageMb: 1, stamped: true };
  await store.recordSamples(
    Array.from({ length: 3000 }, (_, index) => ({ jobId: 'a', timeMs: clock.now() + index, ...usage })),
  );
  await until(() => store.status().unsealedSamples <= 1000);
  await retention.stop();
});
