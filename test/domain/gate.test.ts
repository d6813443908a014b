import { expect, test } from 'bun:test';
import { createGate } from '../../src/domain/gate.ts';

const settled = async (entering: Promise<() => void>) =>
  Promise.race([
    entering.then(
      () => 'in',
      (error: Error & { code?: string }) => error.code ?? error.message,
    ),
    Bun.sleep(0).then(() => 'waits'),
  ]);

test('callers enter in order as others leave, and one too many is refused', async () => {
  const gate = createGate({ places: 1, waiting: 2, message: 'full' });
  const leave = await gate.enter();
  const [second, third] = [gate.enter(), gate.enter()];
  expect(await settled(gate.enter())).toBe('unavailable');
  expect([await settled(second), await settled(third)]).toEqual(['waits', 'waits']);
  leave();
  leave();
  expect([await settled(second), await settled(third)]).toEqual(['in', 'waits']);
  (await second)();
  (await third)();
  expect(await settled(gate.enter())).toBe('in');
});

test('a caller that gives up makes room for another to wait', async () => {
  const gate = createGate({ places: 1, waiting: 1, message: 'full' });
  const leave = await gate.enter();
  const abort = new AbortController();
  const first = gate.enter(abort.signal);
  expect(await settled(gate.enter())).toBe('unavailable');
  abort.abort(new Error('gone'));
  expect(await settled(first)).toBe('gone');
  expect(await settled(gate.enter(abort.signal))).toBe('gone');
  const second = gate.enter();
  leave();
  expect(await settled(second)).toBe('in');
});
