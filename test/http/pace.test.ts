import { expect, test } from 'bun:test';
import { takeTurn } from '../../src/http/pace.ts';

test('each who asks gets a turn of the event loop of its own, in order', async () => {
  let turn = 0;
  let isOver = false;
  const count = () => {
    turn++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const turns = await Promise.all(
    [0, 1, 2, 3].map(async () => {
      await takeTurn();
      return turn;
    }),
  );
  isOver = true;
  expect(turns).toEqual(turns.toSorted((one, other) => one - other));
  expect(new Set(turns).size).toBe(4);
});
