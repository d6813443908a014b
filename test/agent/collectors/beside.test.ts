import { expect, test } from 'bun:test';
import { readBeside } from '../../../src/agent/collectors/beside.ts';

/** A reading whose end the test decides. */
function start(waitMs = 20) {
  let nowMs = 0;
  const flights: PromiseWithResolvers<number>[] = [];
  const beside = readBeside({
    name: 'nvidia-smi',
    monotonicMs: () => nowMs,
    waitMs,
    read() {
      const flight = Promise.withResolvers<number>();
      flights.push(flight);
      return flight.promise;
    },
  });
  return {
    ...beside,
    read: async () => (await beside.read())?.value,
    flights,
    advance: (ms: number) => {
      nowMs += ms;
    },
    /** Ends the reading that the next call starts. */
    async readAs(end: (flight: PromiseWithResolvers<number>) => void): Promise<number | undefined> {
      const count = flights.length;
      const reading = beside.read();
      if (flights.length > count) end(flights.at(-1)!);
      return (await reading)?.value;
    },
  };
}

test('a reading that never ends holds up one round for a moment, the next not at all, and repeats no value', async () => {
  const gpus = start();
  expect(await gpus.readAs(({ resolve }) => resolve(7))).toBe(7);
  gpus.advance(15_000);
  expect(await gpus.read()).toBeUndefined();
  expect(gpus.trouble()).toContain('took more than 0.02 s');
  gpus.advance(15_000);
  const startedMs = performance.now();
  expect(await gpus.read()).toBeUndefined();
  expect(performance.now() - startedMs).toBeLessThan(10);
  expect(gpus.flights).toHaveLength(2);
});

test('rounds at the same moment share one reading', async () => {
  const gpus = start();
  const both = [gpus.read(), gpus.read()];
  gpus.flights[0]!.resolve(7);
  expect(await Promise.all(both)).toEqual([7, 7]);
  gpus.advance(999);
  expect(await gpus.read()).toBe(7);
  gpus.advance(1);
  expect(await gpus.readAs(({ resolve }) => resolve(8))).toBe(8);
  expect(gpus.flights).toHaveLength(2);
});

test('after failures it rests for half a minute, and for ten at most, and then tries again', async () => {
  const gpus = start();
  const fail = ({ reject }: PromiseWithResolvers<number>) => reject(new Error('no driver'));
  expect(await gpus.readAs(fail)).toBeUndefined();
  expect(gpus.trouble()).toBe('no driver');
  for (const [failure, seconds] of [30, 60, 120, 240, 480, 600, 600].entries()) {
    gpus.advance((seconds - 1) * 1000);
    expect(await gpus.readAs(fail)).toBeUndefined();
    expect(gpus.flights).toHaveLength(failure + 1);
    gpus.advance(1000);
    expect(await gpus.readAs(fail)).toBeUndefined();
    expect(gpus.flights).toHaveLength(failure + 2);
  }
  gpus.advance(600_000);
  expect(await gpus.readAs(({ resolve }) => resolve(7))).toBe(7);
  expect(gpus.trouble()).toBeUndefined();
});
