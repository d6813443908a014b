import { expect, test } from 'bun:test';
import { type Part, partsOf } from '../../src/service/parts.ts';

/** Parts that write down what happens to them, and the log of their events. */
function scene() {
  const happened: string[] = [];
  const events: string[] = [];
  const write = (event: string, fields: Record<string, unknown> = {}) =>
    void events.push(`${event} ${fields.part}`);
  const parts = partsOf({ debug: () => {}, warn: write, error: write });
  const part = (name: string, changes: Partial<Part<string>> = {}): Part<string> => ({
    name,
    stopWithinMs: 1000,
    start: () => {
      happened.push(`start ${name}`);
      return `value of ${name}`;
    },
    stop: (value) => void happened.push(`stop ${value}`),
    ...changes,
  });
  return { parts, part, happened, events };
}

test('parts start in order, give their values, and stop in reverse, each after the one before has stopped', async () => {
  const { parts, part, happened, events } = scene();
  const slow = part('b', {
    async stop() {
      await Bun.sleep(30);
      happened.push('stop b, slowly');
    },
  });
  expect(await parts.start(part('a'))).toBe('value of a');
  await parts.start(slow);
  await parts.start(part('c'));
  await parts.stop();
  expect(happened).toEqual([
    'start a',
    'start b',
    'start c',
    'stop value of c',
    'stop b, slowly',
    'stop value of a',
  ]);
  expect(events).toEqual([]);
});

test('a part that does not start stops the others, and its error is the one that is thrown', async () => {
  const { parts, part, happened } = scene();
  await parts.start(part('a'));
  await parts.start(part('b'));
  const broken = part('c', {
    start: () => {
      throw new Error('no port');
    },
  });
  expect(parts.start(broken)).rejects.toThrow('no port');
  await Bun.sleep(10);
  expect(happened).toEqual(['start a', 'start b', 'stop value of b', 'stop value of a']);
  await parts.stop();
  expect(happened).toHaveLength(4);
});

test('a part that takes too long to stop is logged, and the next one is stopped', async () => {
  const { parts, part, happened, events } = scene();
  await parts.start(part('a'));
  await parts.start(part('b', { stopWithinMs: 30, stop: () => new Promise(() => {}) }));
  const startedMs = performance.now();
  await parts.stop();
  expect(performance.now() - startedMs).toBeWithin(29, 500);
  expect(happened.at(-1)).toBe('stop value of a');
  expect(events).toEqual(['part_stop_timed_out b']);
});

test('a part that fails to stop is logged, and the next one is stopped', async () => {
  const { parts, part, happened, events } = scene();
  await parts.start(part('a'));
  await parts.start(
    part('b', {
      stop: () => {
        throw new Error('stuck');
      },
    }),
  );
  await parts.stop();
  expect(happened.at(-1)).toBe('stop value of a');
  expect(events).toEqual(['part_stop_failed b']);
});
