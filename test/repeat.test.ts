import { expect, test } from 'bun:test';
import { type Repeat, type Rest, repeat } from '../src/repeat.ts';

const NEVER_MS = 3_600_000;

interface Loop extends Repeat {
  /** Milliseconds from the start of the loop to the start of each run. */
  readonly startsMs: number[];
  readonly errors: unknown[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** A loop that is stopped at the end of the scope. */
function start(
  options: Partial<Parameters<typeof repeat>[0]>,
  run: (signal: AbortSignal) => Promise<Rest | undefined> = async () => undefined,
): Loop {
  const startMs = performance.now();
  const startsMs: number[] = [];
  const errors: unknown[] = [];
  const loop = repeat({
    everyMs: NEVER_MS,
    onError: (error) => void errors.push(error),
    ...options,
    run(signal) {
      startsMs.push(performance.now() - startMs);
      return run(signal);
    },
  });
  return { ...loop, startsMs, errors, [Symbol.asyncDispose]: () => loop.stop() };
}

test('a loop runs at once, then after each interval, and one run ends before the next starts', async () => {
  let running = 0;
  let most = 0;
  await using loop = start({ everyMs: 10 }, async () => {
    most = Math.max(most, ++running);
    await Bun.sleep(15);
    running--;
    return undefined;
  });
  await Bun.sleep(200);
  expect(loop.startsMs[0]).toBeLessThan(10);
  expect(loop.startsMs.length).toBeWithin(3, 9);
  expect(most).toBe(1);
});

test('the first run waits for firstMs', async () => {
  await using loop = start({ firstMs: 60 });
  await Bun.sleep(30);
  expect(loop.state()).toEqual({ runs: 0, failures: 0 });
  await Bun.sleep(80);
  expect(loop.state()).toEqual({ runs: 1, failures: 0 });
  expect(loop.startsMs[0]).toBeGreaterThanOrEqual(59);
});

test('a run decides how long the loop rests after it', async () => {
  await using loop = start({}, async () => ({ restMs: loop.startsMs.length < 3 ? 5 : NEVER_MS }));
  await Bun.sleep(100);
  expect(loop.startsMs.length).toBe(3);
});

test('wake ends the rest, and several calls are one run', async () => {
  await using loop = start({});
  await Bun.sleep(20);
  for (let call = 0; call < 5; call++) loop.wake(30);
  await Bun.sleep(10);
  expect(loop.startsMs.length).toBe(1);
  await Bun.sleep(100);
  expect(loop.startsMs.length).toBe(2);
});

test('wake during a run starts another run after it', async () => {
  await using loop = start({}, async () => {
    if (loop.startsMs.length === 1) {
      await Bun.sleep(5);
      loop.wake();
    }
    return undefined;
  });
  await Bun.sleep(60);
  expect(loop.startsMs.length).toBe(2);
});

test('a run that starts before the time that wake asked for does not replace it', async () => {
  await using loop = start({ everyMs: 40 }, async () => ({
    restMs: loop.startsMs.length === 1 ? 40 : NEVER_MS,
  }));
  await Bun.sleep(5);
  loop.wake(120);
  await Bun.sleep(80);
  expect(loop.startsMs.length).toBe(2);
  await Bun.sleep(100);
  expect(loop.startsMs.length).toBe(3);
});

test('wake does not shorten the rest below the least one', async () => {
  await using loop = start({}, async () => ({ leastRestMs: 100 }));
  await Bun.sleep(10);
  loop.wake();
  await Bun.sleep(50);
  expect(loop.startsMs.length).toBe(1);
  await Bun.sleep(100);
  expect(loop.startsMs.length).toBe(2);
  expect(loop.startsMs[1]! - loop.startsMs[0]!).toBeGreaterThanOrEqual(99);
});

test('failures are reported and counted, and retried after 0.5 s, then 1 s, whatever wakes the loop', async () => {
  await using loop = start({ everyMs: 1 }, async () => {
    throw new Error('no disk');
  });
  const waking = setInterval(() => loop.wake(), 20);
  await Bun.sleep(1300);
  expect(loop.startsMs.length).toBe(2);
  await Bun.sleep(600);
  clearInterval(waking);
  expect(loop.startsMs.length).toBe(3);
  expect(loop.startsMs[1]! - loop.startsMs[0]!).toBeWithin(499, 800);
  expect(loop.startsMs[2]! - loop.startsMs[1]!).toBeWithin(999, 1400);
  expect(loop.errors).toEqual([1, 2, 3].map(() => new Error('no disk')));
  expect(loop.state()).toEqual({ runs: 3, failures: 3 });
});

test('after a success the next failure is retried after 0.5 s again', async () => {
  const fails = [true, true, false, true, false];
  await using loop = start({ everyMs: 1 }, async () => {
    const number = loop.startsMs.length;
    if (fails[number - 1]) throw new Error('busy');
    return { restMs: number < fails.length ? 1 : NEVER_MS };
  });
  while (loop.state().runs < fails.length) await Bun.sleep(10);
  expect(loop.startsMs[4]! - loop.startsMs[3]!).toBeLessThan(900);
  expect(loop.state()).toEqual({ runs: 5, failures: 3 });
});

test('stop aborts the signal, waits for the current run, and no run follows', async () => {
  let hasEnded = false;
  const loop = start({ everyMs: 1 }, async (signal) => {
    const aborted = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => aborted.resolve());
    await aborted.promise;
    await Bun.sleep(20);
    hasEnded = true;
    throw new Error('stopped halfway');
  });
  await Bun.sleep(10);
  loop.wake();
  await loop.stop();
  expect(hasEnded).toBe(true);
  // An error of a run that was told to end is counted, not reported.
  expect(loop.errors).toEqual([]);
  await Bun.sleep(30);
  expect(loop.startsMs.length).toBe(1);
});

test('stop ends the rest before the first run', async () => {
  const loop = start({ firstMs: NEVER_MS });
  await loop.stop();
  expect(loop.state()).toEqual({ runs: 0, failures: 0 });
});

test('a wish for a late run survives a wish for an earlier one', async () => {
  await using loop = start({ firstMs: NEVER_MS });
  loop.wake(100);
  loop.wake(0);
  await Bun.sleep(300);
  expect(loop.startsMs.length).toBe(2);
});
