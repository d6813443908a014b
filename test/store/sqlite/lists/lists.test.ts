import { expect, test } from 'bun:test';
import { jobLists } from '../../../../src/store/sqlite/lists/lists.ts';

/** Returns lists that all take long, and functions that end them. */
function longLists() {
  const ends: (() => void)[] = [];
  const lists = jobLists({
    readAtOnce: () => undefined,
    lister: undefined as never,
    compute: (_, signal) =>
      new Promise((resolve, reject) => {
        ends.push(() => resolve({ jobs: [], total: 0 } as never));
        signal?.addEventListener('abort', () => reject(signal.reason));
      }),
  });
  return { lists, ends };
}

test('four long lists are read at once, twelve wait, and more are refused until one ends or is aborted', async () => {
  const { lists, ends } = longLists();
  const abort = new AbortController();
  const codes: string[] = [];
  const start = (signal?: AbortSignal) =>
    void lists.list({ sight: 'all' }, { limit: 1 }, signal).then(
      () => codes.push('read'),
      (error: Error & { code?: string }) => codes.push(error.code ?? error.message),
    );
  const settle = () => Bun.sleep(20);
  start(abort.signal);
  for (let count = 1; count < 16; count++) start(count === 10 ? abort.signal : undefined);
  await settle();
  expect([ends.length, codes]).toEqual([4, []]);
  start();
  await settle();
  expect(codes).toEqual(['unavailable']);
  abort.abort(new Error('gone'));
  await settle();
  expect([ends.length, codes]).toEqual([5, ['unavailable', 'gone', 'gone']]);
  start();
  start();
  start();
  await settle();
  expect(codes).toEqual(['unavailable', 'gone', 'gone', 'unavailable']);
  for (let index = 1; index < 17; index++) {
    ends[index]!();
    await Bun.sleep(1);
  }
  expect(codes.filter((code) => code === 'read')).toHaveLength(16);
});
