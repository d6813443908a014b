import { expect, test } from 'bun:test';
import { type Rank, takeTurn } from '../src/pace.ts';
import { countTurns } from './help/turns.ts';

test('each who asks gets a turn of the event loop of its own, in order', async () => {
  const counted = countTurns();
  const turns = await Promise.all([0, 1, 2, 3].map(() => takeTurn().then(counted.soFar)));
  counted.stop();
  expect(turns).toEqual(turns.toSorted((one, other) => one - other));
  expect(new Set(turns).size).toBe(4);
});

test('the ranks alternate, however many of one wait', async () => {
  const order: string[] = [];
  const take = (rank: Rank, name: string) => takeTurn(rank).then(() => void order.push(name));
  await Promise.all([
    ...[1, 2, 3, 4].map((number) => take('background', `b${number}`)),
    ...[1, 2].map((number) => take('first', `f${number}`)),
  ]);
  const places = ['f1', 'f2'].map((name) => order.indexOf(name));
  expect(places[0]).toBeLessThanOrEqual(1);
  expect(places[1]).toBeLessThanOrEqual(3);
  expect(order.filter((name) => name.startsWith('b'))).toEqual(['b1', 'b2', 'b3', 'b4']);
});
