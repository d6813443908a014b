import { expect, test } from 'bun:test';
import { shareLatest } from '../../src/domain/latest.ts';

function setUp() {
  let nowMs = 0;
  let made = 0;
  let isBroken = false;
  const read = shareLatest({
    async make() {
      await Bun.sleep(1);
      if (isBroken) throw new Error('broken');
      return ++made;
    },
    now: () => nowMs,
    freshMs: 10,
    usableMs: 100,
  });
  return {
    read,
    at: (timeMs: number) => {
      nowMs = timeMs;
      return read();
    },
    breakIt: () => {
      isBroken = true;
    },
  };
}

test('a value is made once for all who ask at the same time, and kept while it is fresh', async () => {
  const { read, at } = setUp();
  expect(await Promise.all([read(), read()])).toEqual([1, 1]);
  expect(await at(9)).toBe(1);
});

test('a value that is no longer fresh is given while the next is made; one that is too old is not', async () => {
  const { read, at } = setUp();
  await read();
  expect(await at(10)).toBe(1);
  await Bun.sleep(20);
  expect(await read()).toBe(2);
  expect(await at(110)).toBe(3);
});

test('a failure is thrown to those who wait, and tried again', async () => {
  const { read, at, breakIt } = setUp();
  await read();
  breakIt();
  expect(await at(50)).toBe(1);
  await Bun.sleep(20);
  expect(at(100)).rejects.toThrow('broken');
  // A clock that was set back keeps nothing for ever.
  expect(at(-1000)).rejects.toThrow('broken');
});
