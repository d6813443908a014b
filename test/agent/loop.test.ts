import { expect, test } from 'bun:test';
import { batchRounds } from '../../src/agent/batch.ts';
import { delayOf, startLoop } from '../../src/agent/loop.ts';
import type { JobReading } from '../../src/agent/reading.ts';
import type { Round } from '../../src/agent/round.ts';

const READING: JobReading = {
  key: { jobId: '7' },
  timeMs: 1_000_000,
  values: { cpus_used: 1, cpus_allocated: 2, memory_anonymous_bytes: 1 },
  gpus: [],
};
const round = (fields: Partial<Round> = {}): Round => ({
  readings: [READING],
  troubles: [],
  isWhole: true,
  ended: 0,
  dropped: 0,
  leftovers: [],
  ...fields,
});

/** Runs a loop over these rounds, 20 ms apart, until all were read. */
async function loopOver(
  rounds: (() => Round)[],
  { intervalMs = 20, nowMs = (): number => 0, droppedAfter = [] as readonly number[] } = {},
) {
  const batches: string[] = [];
  const warnings: string[] = [];
  let sends = 0;
  const readMs: number[] = [];
  let next = 0;
  const warn = (event: string, { message = '' }: Record<string, unknown>) =>
    void warnings.push(`${event} ${message}`.trim());
  const take = batchRounds({
    pack: (samples) => {
      batches.push(JSON.stringify(samples.map((sample) => [sample.cpuUsage, sample.timeMs, sample.node])));
      return new Uint8Array(1);
    },
    spool: {
      add: () => {},
      state: () => ({
        batches: 0,
        bytes: 0,
        dropped: droppedAfter.filter((rounds) => rounds < next).length,
      }),
    },
    send: () => void sends++,
    node: 'n1',
    warn,
  });
  const loop = startLoop({
    async read() {
      readMs.push(performance.now());
      return (rounds[next++] ?? (() => round({ readings: [] })))();
    },
    take,
    intervalMs,
    nowMs,
    warn,
  });
  const endMs = performance.now() + 10_000;
  while (next <= rounds.length && performance.now() < endMs) await Bun.sleep(5);
  await loop.stop();
  return { batches, warnings, sends, readMs };
}

test('each round with samples is one batch, and each round sends', async () => {
  const { batches, sends } = await loopOver([() => round(), () => round({ readings: [] }), () => round()]);
  expect(batches).toEqual(['[[50,1000000,"n1"]]', '[[50,1000000,"n1"]]']);
  expect(sends).toBeGreaterThanOrEqual(3);
});

test('a reading without a whole sample is left out, and the others are sent', async () => {
  const { batches } = await loopOver([() => round({ readings: [{ ...READING, values: {} }, READING] })]);
  expect(batches).toEqual(['[[50,1000000,"n1"]]']);
});

test('rounds are at multiples of the interval', async () => {
  const { readMs } = await loopOver([() => round()], { intervalMs: 1000, nowMs: () => 1_700_000_000_850 });
  const restMs = readMs[1]! - readMs[0]!;
  expect(restMs).toBeGreaterThan(140);
  expect(restMs).toBeLessThan(900);
});

test('a round that fails is told, and the next one comes', async () => {
  const { batches, warnings } = await loopOver([
    () => {
      throw new Error('no such luck');
    },
    () => round(),
  ]);
  expect([batches.length, warnings]).toEqual([1, ['round_failed']]);
});

test('a trouble is told once, and again after it was over', async () => {
  const trouble = () => round({ troubles: [{ collector: 'memory', message: 'It may not be read.' }] });
  const { warnings } = await loopOver([trouble, trouble, () => round(), trouble]);
  expect(warnings).toEqual([
    'collector_incomplete It may not be read.',
    'collector_incomplete It may not be read.',
  ]);
});

test('the delay of a node is always the same, and nodes are spread over a third of the interval', () => {
  const delays = Array.from({ length: 1000 }, (_, index) => delayOf(`node${index}`, 15_000));
  expect(delayOf('node1', 15_000)).toBe(delays[1]!);
  expect(Math.max(...delays)).toBeLessThan(5000);
  const early = delays.filter((delayMs) => delayMs < 2500).length;
  expect(early).toBeGreaterThan(400);
  expect(early).toBeLessThan(600);
});

test('batches that the spool dropped are told each time', async () => {
  const quiet = () => round({ readings: [] });
  const { warnings } = await loopOver([quiet, quiet, quiet, quiet], { droppedAfter: [1, 3] });
  expect(warnings).toEqual(Array(2).fill('batches_dropped The spool has no room for more.'));
});
