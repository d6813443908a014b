import { expect, test } from 'bun:test';
import { mungeState } from '../../src/access/munge-state.ts';

test('munged is asked once for all who want to know, and again after half a minute', async () => {
  let nowMs = 0;
  let answer = 'on';
  let asked = 0;
  const probe = async () => {
    asked++;
    return answer;
  };
  const state = mungeState({ probe }, () => nowMs);
  expect(await Promise.all([state.ask(), state.ask()])).toEqual(['on', 'on']);
  expect([state.last(), asked]).toEqual(['on', 1]);
  answer = 'off: munged does not answer';
  nowMs = 29_999;
  expect([state.last(), asked]).toEqual(['on', 1]);
  nowMs = 30_000;
  // The answer of before, while the next one is on its way.
  expect([state.last(), state.last(), asked]).toEqual(['on', 'on', 2]);
  await Bun.sleep(0);
  expect([state.last(), asked]).toEqual(['off: munged does not answer', 2]);
});
