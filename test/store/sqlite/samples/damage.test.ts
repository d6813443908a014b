import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { AppError } from '../../../../src/domain/errors.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';
import { listReadings } from '../../../help/readings.ts';
import { openStore } from '../../../help/store.ts';

const DAY_MS = 86_400_000;

test('a read of a damaged chunk rejects with its job and span, and all other chunks are read', async () => {
  using folder = temporaryFolder();
  const store = await openStore(folder.file('a.db'));
  const job = { user: 'alice', nodes: ['n1'], state: 'running' as const, startTimeMs: NOON_MS };
  await store.createJobs([
    { id: 'whole', ...job },
    { id: 'hurt', ...job },
  ]);
  for (const jobId of ['whole', 'hurt']) {
    await store.recordSamples(
      Array.from({ length: 4000 }, (_, index) => ({
        jobId,
        timeMs: NOON_MS + index * 1000,
        cpuUsage: index % 100,
        memoryUsageMb: index,
        stamped: false,
      })),
    );
  }
  while (await store.expire({}, NOON_MS + DAY_MS));
  const db = new Database(folder.file('a.db'));
  const chunks = db
    .query<{ seq: number; data: Uint8Array; start_time: number; end_time: number }, []>(
      "SELECT * FROM chunk WHERE job = (SELECT seq FROM job WHERE id = 'hurt') ORDER BY start_time",
    )
    .all();
  expect(chunks.length).toBe(3);
  const { seq, data, start_time: startMs, end_time: endMs } = chunks[1]!;
  data[data.length >> 1]! ^= 4;
  db.query('UPDATE chunk SET data = ? WHERE seq = ?').run(data, seq);
  db.close();

  const error = await listReadings(store, 'hurt', {}, 100_000).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({
    code: 'internal_error',
    message: expect.stringContaining(
      `job "hurt" from ${new Date(startMs).toISOString()} to ${new Date(endMs).toISOString()}`,
    ),
  });
  const countOf = async (id: string, query: object) =>
    (await listReadings(store, id, query, 100_000)).samples.length;
  expect(await countOf('hurt', { toMs: startMs - 1 })).toBe((startMs - NOON_MS) / 1000);
  expect(await countOf('hurt', { fromMs: endMs + 1 })).toBe(3999 - (endMs - NOON_MS) / 1000);
  expect(await countOf('whole', {})).toBe(4000);

  // Later samples are sealed beside it, and do not go under with it.
  await store.recordSamples([
    { jobId: 'hurt', timeMs: startMs + 1, cpuUsage: 1, memoryUsageMb: 1, stamped: false },
  ]);
  while (await store.expire({}, NOON_MS + 2 * DAY_MS));
  expect(await countOf('hurt', { toMs: startMs - 1 })).toBe((startMs - NOON_MS) / 1000);
  await store.close();
});
