import { afterAll, describe, expect, test } from 'bun:test';
import type { StoreOptions } from '../../src/domain/store/options.ts';
import { openPostgres } from '../../src/store/postgres/open.ts';
import { MINUTE_MS, pastJob, sample } from '../help/builders.ts';
import { NOON_MS } from '../help/clock.ts';
import { hasPgbouncer, startPgbouncer } from '../help/pgbouncer.ts';
import { hasPostgres, startPostgres } from '../help/postgres.ts';
import { listReadings } from '../help/readings.ts';
import { events } from '../store/contract/events.ts';
import { nodeJobs } from '../store/contract/node-jobs.ts';
import { samples } from '../store/contract/samples.ts';

const DAY_MS = 24 * 60 * MINUTE_MS;

if (hasPostgres() && hasPgbouncer()) {
  const server = startPostgres();
  const pool = server.then(async ({ newAddress }) => startPgbouncer(await newAddress()));
  afterAll(async () => {
    await (await pool)[Symbol.asyncDispose]();
    await (await server)[Symbol.asyncDispose]();
  });

  // Reads alone go through the pool, all in the same way, so a part of the contract is enough.
  const makePlace = () => {
    const address = server.then(({ newAddress }) => newAddress());
    return {
      open: async (options: StoreOptions = {}) =>
        openPostgres(await address, { ...options, readsFrom: await (await pool).addressOf(await address) }),
      [Symbol.dispose]: () => {},
    };
  };
  for (const part of [samples, events, nodeJobs])
    describe(`PostgreSQL through pgbouncer in transaction mode: ${part.name}`, () => part(makePlace));

  test('reads that take several statements share few sessions of the server, each in one snapshot', async () => {
    const address = await (await server).newAddress();
    const store = await openPostgres(address, { readsFrom: await (await pool).addressOf(address) });
    await store.createJobs([pastJob('1')]);
    const record = (count: number, fromMs: number) =>
      store.recordSamples(
        Array.from({ length: count }, (_, index) => ({
          ...sample(fromMs + index * 1000, { stamped: false }),
          jobId: '1',
        })),
      );
    await record(5000, 0);
    while (await store.expire({}, NOON_MS + DAY_MS));
    await record(5000, DAY_MS);
    const reads = Array.from({ length: 20 }, () => listReadings(store, '1', {}, 20_000));
    const later = record(1000, 2 * DAY_MS);
    for (const { samples: rows, total } of await Promise.all(reads)) expect(rows.length).toBe(total);
    await later;
    expect((await listReadings(store, '1', {}, 20_000)).total).toBe(11_000);
    await store.close();
  });

  test('a pool in session mode is good for everything, the lock included', async () => {
    const address = await (await server).newAddress();
    const session = await (await pool).sessionAddressOf(address);
    const store = await openPostgres(session);
    await store.createJobs([pastJob('1')]);
    await store.recordSample('1', sample(0));
    expect(String(await openPostgres(address).catch((error) => error))).toContain(
      'used by another hpc-observe',
    );
    await store.close();
    const again = await openPostgres(session);
    expect((await again.summarizeJob('1')).whole.samples).toBe(1);
    await again.close();
  });

  test('a pool that leads elsewhere, or a lock in a transaction, is refused with the reason', async () => {
    const [one, other] = [await (await server).newAddress(), await (await server).newAddress()];
    const { addressOf } = await pool;
    const refused = await openPostgres(one, { readsFrom: await addressOf(other) }).catch((error) => error);
    expect(String(refused)).toMatch(/leads to another database or schema.*ALTER ROLE/);
    // The lock is free again.
    await (await openPostgres(one, { readsFrom: await addressOf(one) })).close();
    const pooled = await openPostgres(await addressOf(one)).catch((error) => error);
    expect(String(pooled)).toContain('in session mode');
  });
} else test.skip('PostgreSQL through pgbouncer keeps the promises of every engine', () => {});
