import { expect, test } from 'bun:test';
import { answerKeeper } from '../../src/domain/answer-keeper.ts';
import { fixedClock } from '../help/clock.ts';

/** A keeper of answers that take some time to make, and how many were made. */
function keeperOf(tookMs: number) {
  const clock = fixedClock();
  let made = 0;
  const answers = answerKeeper({
    make: async (_, timeMs) => {
      made++;
      clock.advance(tookMs);
      return { timeMs };
    },
    now: clock.now,
  });
  return {
    clock,
    made: () => made,
    /** Refreshes every 5 s for some seconds. */
    async refreshFor(seconds: number): Promise<void> {
      for (let passed = 0; passed < seconds; passed += 5) {
        clock.advance(5000);
        await answers.refresh();
      }
    },
    answers,
  };
}

test('while somebody asks, an answer is made every 5 s', async () => {
  const { answers, refreshFor, made } = keeperOf(0);
  await answers.of('all');
  await refreshFor(30);
  expect(made()).toBe(7);
});

test.each([
  [10, 12],
  [100, 6],
  [1000, 3],
])('while nobody asks, one that takes %d ms is made %d times a minute', async (tookMs, times) => {
  const { answers, refreshFor, made } = keeperOf(tookMs);
  await answers.refresh();
  const before = made();
  await refreshFor(60);
  expect(made() - before).toBe(times);
});
