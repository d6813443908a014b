import { expect, test } from 'bun:test';
import { takeTurn } from '../src/pace.ts';
import { countTurns } from './help/turns.ts';

test('each who asks gets a turn of the event loop of its own, in order', async () => {
  const counted = countTurns();
  const turns = await Promise.all([0, 1, 2, 3].map(() => takeTurn().then(counted.soFar)));
  counted.stop();
  expect(turns).toEqual(turns.toSorted((one, other) => one - other));
  expect(new Set(turns).size).toBe(4);
});
