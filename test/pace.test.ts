import { expect, test } from 'bun:test';
import { joinTurn, type Rank, yieldToOthers } from '../src/pace.ts';
import { countTurns } from './help/turns.ts';

test('each caller resumes in a turn of the event loop of its own, in order of the calls', async () => {
  const counted = countTurns();
  const turns = await Promise.all([0, 1, 2, 3].map(() => yieldToOthers().then(counted.soFar)));
  counted.stop();
  expect(turns).toEqual(turns.toSorted((one, other) => one - other));
  expect(new Set(turns).size).toBe(4);
});

test('the two ranks alternate, however many callers of one wait', async () => {
  const order: string[] = [];
  const take = (rank: Rank, name: string) => yieldToOthers(rank).then(() => void order.push(name));
  await Promise.all([
    ...[1, 2, 3, 4].map((number) => take('background', `b${number}`)),
    ...[1, 2].map((number) => take('first', `f${number}`)),
  ]);
  const places = ['f1', 'f2'].map((name) => order.indexOf(name));
  expect(places[0]).toBeLessThanOrEqual(1);
  expect(places[1]).toBeLessThanOrEqual(3);
  expect(order.filter((name) => name.startsWith('b'))).toEqual(['b1', 'b2', 'b3', 'b4']);
});

test('the first slice of a turn starts at once, and all others wait for turns of their own', async () => {
  const counted = countTurns();
  const turns = await Promise.all(
    [joinTurn, joinTurn, yieldToOthers, joinTurn].map((wait) => wait().then(counted.soFar)),
  );
  counted.stop();
  expect(turns[0]).toBe(0);
  expect(new Set(turns).size).toBe(4);
});
