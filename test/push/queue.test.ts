import { expect, test } from 'bun:test';
import { snapshotQueue } from '../../src/push/queue.ts';
import { takeSnapshot, unpack } from '../../src/push/snapshot.ts';

/** A snapshot of one series that goes on and one of a job that ends. */
const snapshot = (timeMs: number) =>
  takeSnapshot(new TextEncoder().encode(`# TYPE a gauge\na ${timeMs}\na{job="${timeMs}"} 1\n`), timeMs);

test('beyond the bound the oldest become one, which has the last values of every job that ended', async () => {
  const queue = snapshotQueue({ maxSnapshots: 3, maxBytes: 1e6 });
  for (let timeMs = 1; timeMs <= 6; timeMs++) await queue.add(await snapshot(timeMs));
  expect(queue.state()).toEqual({ snapshots: 3, oldestMs: 4, coalesced: 3, dropped: 0 });
  const oldest = new TextDecoder().decode(await unpack((await queue.take())!));
  expect(oldest.match(/^a.*$/gm)?.sort()).toEqual([
    'a 4 4',
    'a{job="1"} 1 1',
    'a{job="2"} 1 2',
    'a{job="3"} 1 3',
    'a{job="4"} 1 4',
  ]);
  expect((await queue.take())?.timeMs).toBe(5);
});

test('what could not be sent is first again, and is merged with the next if there is no room', async () => {
  const queue = snapshotQueue({ maxSnapshots: 2, maxBytes: 1e6 });
  await queue.add(await snapshot(1));
  const taken = await queue.take();
  await queue.add(await snapshot(2));
  await queue.add(await snapshot(3));
  await queue.putBack(taken!);
  expect(queue.state()).toMatchObject({ snapshots: 2, oldestMs: 2, coalesced: 1, dropped: 0 });
});

test('a merged snapshot that takes half of the memory is dropped and counted, and newer ones stay', async () => {
  const packedBytes = (await snapshot(1)).packed.byteLength;
  const queue = snapshotQueue({ maxSnapshots: 2, maxBytes: packedBytes * 2 });
  for (let timeMs = 1; timeMs <= 200; timeMs++) await queue.add(await snapshot(timeMs));
  const { snapshots, dropped, coalesced } = queue.state();
  expect(snapshots).toBeGreaterThan(0);
  expect(dropped).toBeGreaterThan(0);
  let [left, bytes] = [0, 0];
  for (let one = await queue.take(); one; one = await queue.take()) {
    left += one.samples;
    bytes += one.packed.byteLength;
  }
  expect(left + dropped + coalesced).toBe(400);
  expect(bytes).toBeLessThanOrEqual(packedBytes * 2);
});
