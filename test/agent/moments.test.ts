import { expect, test } from 'bun:test';
import { readAtMoments } from '../../src/agent/moments.ts';
import { type JobKey, keyText } from '../../src/agent/reading.ts';
import type { JobEvent } from '../../src/agent/watch.ts';

const NOTHING = { readings: [], troubles: [], isWhole: false, ended: 0, dropped: 0, leftovers: [] };
const key = (jobId: string): JobKey => ({ jobId });

/** Moments of a node whose watch tells what the test says; jobs of `there` are there already. */
function moments({
  there = [] as readonly string[],
  read = async () => {},
  gpusDueMs = [] as number[],
} = {}) {
  const [begun, gone, taken, warnings] = [[] as string[], [] as string[], [] as string[], [] as string[]];
  let tell = (_: JobEvent) => {};
  let isStopped = false;
  const running = readAtMoments({
    watch(onEvent) {
      tell = onEvent;
      for (const jobId of there) onEvent({ kind: 'began', key: key(jobId) });
      return {
        stop() {
          isStopped = true;
        },
      };
    },
    begin: (one) => void begun.push(keyText(one)),
    end: (one) => void gone.push(keyText(one)),
    async read(keys) {
      await read();
      const readings = keys.map((one) => ({ key: one, timeMs: 0, values: {}, gpus: [] }));
      const dueMs = gpusDueMs.shift();
      return { ...NOTHING, readings, ...(dueMs !== undefined && { gpusDueMs: dueMs }) };
    },
    take: ({ readings }) => void taken.push(readings.map((one) => keyText(one.key)).join(' ')),
    warn: (event, { jobs }) => void warnings.push(`${event} ${jobs}`),
  });
  return {
    begun,
    gone,
    taken,
    warnings,
    tell: (kind: JobEvent['kind'], jobId: string) => tell({ kind, key: key(jobId) }),
    stop: () => {
      running.stop();
      return isStopped;
    },
  };
}

test('a job is read a second after it began', async () => {
  const node = moments();
  node.tell('began', '7');
  await Bun.sleep(900);
  expect([node.begun, node.taken]).toEqual([['7'], []]);
  await Bun.sleep(400);
  expect(node.taken).toEqual(['7']);
  node.stop();
});

test('jobs that were there before are left to the rounds: they did not begin now', async () => {
  const node = moments({ there: ['1', '2'] });
  await Bun.sleep(1200);
  expect([node.begun, node.taken]).toEqual([[], []]);
  node.stop();
});

test('jobs that end or are young are read at once, those of one moment together and each once', async () => {
  const node = moments();
  node.tell('ending', '7');
  node.tell('young', '8');
  node.tell('ending', '7');
  node.tell('ended', '9');
  await Bun.sleep(50);
  expect([node.taken, node.gone]).toEqual([['7 8'], ['9']]);
  node.stop();
});

test('what happens during a reading is read after it, not beside it', async () => {
  let [running, most] = [0, 0];
  const node = moments({
    async read() {
      most = Math.max(most, ++running);
      await Bun.sleep(40);
      running--;
    },
  });
  node.tell('ending', '7');
  await Bun.sleep(20);
  node.tell('ending', '8');
  await Bun.sleep(120);
  expect([node.taken, most]).toEqual([['7', '8'], 1]);
  node.stop();
});

test('a reading that fails is told, and the next one comes', async () => {
  let isBroken = true;
  const node = moments({
    async read() {
      if (isBroken) throw new Error('broken');
    },
  });
  node.tell('ending', '7');
  await Bun.sleep(30);
  isBroken = false;
  node.tell('ending', '8');
  await Bun.sleep(30);
  expect([node.warnings, node.taken]).toEqual([['reading_failed 1'], ['8']]);
  node.stop();
});

test('jobs whose GPUs were not read, so as not to ask too often, are read again when they can be', async () => {
  const node = moments({ gpusDueMs: [60] });
  node.tell('young', '7');
  await Bun.sleep(30);
  expect(node.taken).toEqual(['7']);
  await Bun.sleep(100);
  expect(node.taken).toEqual(['7', '7']);
  node.stop();
});

test('after the stop nothing is read any more', async () => {
  const node = moments();
  node.tell('ending', '7');
  expect(node.stop()).toBe(true);
  await Bun.sleep(30);
  expect(node.taken).toEqual([]);
});
