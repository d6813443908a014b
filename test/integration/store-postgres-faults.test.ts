import { afterAll, expect, test } from 'bun:test';
import { DatabaseInUse } from '../../src/domain/errors.ts';
import type { Notice } from '../../src/domain/store/upkeep.ts';
import { openPostgres } from '../../src/store/postgres/open.ts';
import { pastJob } from '../help/builders.ts';
import { NOON_MS } from '../help/clock.ts';
import { hasPostgres, startPostgres } from '../help/postgres.ts';

const started = hasPostgres() ? startPostgres() : undefined;
afterAll(async () => (await started)?.[Symbol.asyncDispose]());
const testServer = started ? test : test.skip;

const sample = { timeMs: NOON_MS, cpuUsage: 10, memoryUsageMb: 100, stamped: true };

testServer('a second service on one schema is refused, and another schema is free', async () => {
  const server = await started!;
  const address = await server.newAddress();
  const store = await openPostgres(address);
  expect(await openPostgres(address).catch((error) => error)).toBeInstanceOf(DatabaseInUse);
  const other = await openPostgres(await server.newAddress());
  await store.createJobs([pastJob('1')]);
  expect((await other.countJobs()).created).toBe(0);
  expect(await other.readLinkSecret()).not.toBe(await store.readLinkSecret());
  await Promise.all([store.close(), other.close()]);
  const again = await openPostgres(address);
  expect((await again.getJob('1')).id).toBe('1');
  await again.close();
});

testServer('writes are refused while the connection is lost and stored once it is back', async () => {
  const server = await started!;
  const address = await server.newAddress();
  const notices: Notice['event'][] = [];
  const store = await openPostgres(address, { onNotice: ({ event }) => void notices.push(event) });
  await store.createJobs([pastJob('1')]);
  await store.recordSample('1', sample);
  const lockHolders = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted";
  const [before] = await server.query(address, lockHolders);
  await server.query(address, `SELECT pg_terminate_backend(pid) FROM (${lockHolders}) AS holders`);
  const lost = await store.recordSample('1', sample).catch((error) => error);
  expect(lost).toMatchObject({ code: 'unavailable' });
  await store.recordSample('1', sample);
  // What was acknowledged is there, and what was refused is not.
  expect((await store.summarizeJob('1')).whole.samples).toBe(2);
  expect(store.status().unsealedSamples).toBe(2);
  expect(notices).toEqual(['database_lost', 'database_back']);
  const [after] = await server.query(address, lockHolders);
  expect(after).not.toEqual(before);
  await store.close();
});

testServer('a service that lost its lock to another one writes nothing and dies', async () => {
  const server = await started!;
  const address = await server.newAddress();
  const deaths: string[] = [];
  const store = await openPostgres(address, { onDeath: ({ message }) => void deaths.push(message) });
  await store.createJobs([pastJob('1')]);
  await server.query(
    address,
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted",
  );
  const second = await openPostgres(address);
  expect(await store.recordSample('1', sample).catch((error) => error)).toMatchObject({
    code: 'unavailable',
  });
  expect(await store.recordSample('1', sample).catch((error) => error)).toMatchObject({
    code: 'unavailable',
  });
  expect(deaths).toEqual([expect.stringContaining('is used by another hpc-observe')]);
  expect((await second.summarizeJob('1')).whole.samples).toBe(0);
  await Promise.all([store.close(), second.close()]);
});

testServer('a read whose connection ends is unavailable, and the next read is answered', async () => {
  const server = await started!;
  const address = await server.newAddress();
  const store = await openPostgres(address);
  await store.createJobs(Array.from({ length: 1200 }, (_, index) => pastJob(`${index}`)));
  const jobs = store.runningJobs()[Symbol.asyncIterator]();
  await jobs.next();
  await server.query(
    address,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'",
  );
  expect(await jobs.next().catch((error) => error)).toMatchObject({ code: 'unavailable' });
  expect((await Array.fromAsync(store.runningJobs())).flat()).toHaveLength(1200);
  await store.close();
});

testServer('a database that is newer, foreign or missing is refused with what to do', async () => {
  const server = await started!;
  const newer = await server.newAddress();
  await (await openPostgres(newer)).close();
  await server.query(newer, 'INSERT INTO schema_version (version) VALUES (1000)');
  const foreign = await server.newAddress();
  await server.query(foreign, 'CREATE TABLE job (name text)');
  const missing = newer.replace('/postgres?', '/no_such_database?');
  const messages: string[] = [];
  for (const address of [newer, foreign, missing, 'postgres://tester:secret@127.0.0.1:1/x'])
    messages.push(await openPostgres(address).catch(({ message }) => message));
  expect(messages).toEqual([
    expect.stringMatching(
      /has version 1000, and this hpc-observe knows versions up to \d+\. Start the newer/,
    ),
    expect.stringContaining('has tables of another program'),
    expect.stringContaining('does not exist. Create it with createdb.'),
    expect.stringContaining('postgres://tester@127.0.0.1:1/x cannot be reached.'),
  ]);
  expect(await server.query(foreign, 'SELECT count(*)::int AS rows FROM job')).toEqual([{ rows: 0 }]);
});

testServer('a text with a NUL is stored without it', async () => {
  const server = await started!;
  const store = await openPostgres(await server.newAddress());
  await store.createJobs([pastJob('1', { details: { name: 'a\0b' } })]);
  expect((await store.getJob('1')).details?.name).toBe('a\ufffdb');
  await store.close();
});
