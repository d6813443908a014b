import { afterAll, expect, test } from 'bun:test';
import { WriterElsewhere } from '../../src/domain/errors.ts';
import type { StoreOptions } from '../../src/domain/store/options.ts';
import type { Store } from '../../src/domain/store/store.ts';
import { openPostgres } from '../../src/store/postgres/open.ts';
import { pastJob, sample } from '../help/builders.ts';
import { NOON_MS } from '../help/clock.ts';
import { hasPostgres, startPostgres } from '../help/postgres.ts';
import { startRelay } from '../help/relay.ts';

const started = hasPostgres() ? startPostgres() : undefined;
afterAll(async () => (await started)?.[Symbol.asyncDispose]());
const testServer = started ? test : test.skip;

const TAKEN_OVER_MS = 5000;
const LOCK_HOLDER = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'
  AND objid::bigint = (hashtext(current_schema())::bigint & 4294967295)`;

/** Resolves once `holds` returns true; rejects after 20 s. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const startedMs = performance.now(); !(await holds()); await Bun.sleep(20))
    if (performance.now() - startedMs > 20_000) throw new Error(`Not within 20 s: ${holds}`);
}

const open = (address: string, options: StoreOptions = {}) =>
  openPostgres(address, { ...options, standsBy: true });
const isWriter = (store: Store) => store.duty() === 'writer';
const write = (store: Store, second: number) =>
  store.recordSample('1', sample(second)).then(
    () => 'stored',
    (error) => error,
  );
const countSamples = async (store: Store) => (await store.summarizeJob('1')).whole.samples;

/** Two stores on a new schema, of which the first one writes, has a job, and knows of the second. */
async function openTwo({ port }: { port?: number } = {}) {
  const server = await started!;
  const address = await server.newAddress();
  const notices: string[] = [];
  const through = port === undefined ? address : address.replace(/:\d+\//, `:${port}/`);
  const first = await open(through, { onNotice: ({ event }) => void notices.push(event) });
  first.announce('http://first:8080');
  await first.createJobs([pastJob('1')]);
  const second = await open(address);
  let isHeard = false;
  const unwatch = second.watchChanges(() => {
    isHeard = true;
  });
  await until(async () => {
    await first.updateJob('1', {}, NOON_MS);
    return isHeard;
  });
  unwatch();
  return {
    server,
    address,
    notices,
    first,
    second,
    [Symbol.asyncDispose]: async () => void (await Promise.all([first.close(), second.close()])),
  };
}

testServer('the second service reads, names the writer, and takes over when that one ends', async () => {
  await using two = await openTwo();
  const { first, second } = two;
  expect([first.duty(), second.duty()]).toEqual(['writer', 'reader']);
  expect((await second.getJob('1')).id).toBe('1');
  await until(() => second.writerUrl() === 'http://first:8080');
  const refused = await write(second, 0);
  expect(refused).toBeInstanceOf(WriterElsewhere);
  expect(refused).toMatchObject({ code: 'unavailable', url: 'http://first:8080' });
  const duties: string[] = [];
  second.watchDuty((duty) => void duties.push(duty));
  await write(first, 0);
  await first.close();
  const endedMs = performance.now();
  await until(() => isWriter(second));
  expect(performance.now() - endedMs).toBeLessThan(TAKEN_OVER_MS);
  expect(duties).toEqual(['writer']);
  expect(second.writerUrl()).toBeUndefined();
  expect(await write(second, 1)).toBe('stored');
  expect(await countSamples(second)).toBe(2);
  expect(second.status().unsealedSamples).toBe(2);
});

testServer('a writer whose session is ended is no writer until it has the lock again', async () => {
  await using two = await openTwo();
  const { first, second, server, address } = two;
  await server.query(address, `SELECT pg_terminate_backend(pid) FROM (${LOCK_HOLDER}) AS holder`);
  await until(() => isWriter(second) || two.notices.includes('database_back'));
  await until(() => isWriter(first) !== isWriter(second));
  const [writer, reader] = isWriter(first) ? [first, second] : [second, first];
  expect(await write(reader!, 1)).toBeInstanceOf(WriterElsewhere);
  expect(await write(writer!, 2)).toBe('stored');
  expect(await countSamples(reader!)).toBe(1);
  expect(two.notices[0]).toBe('database_lost');
});

testServer('a writer whose network hangs is replaced, and stores nothing when it is back', async () => {
  const { port } = new URL(await (await started!).newAddress());
  const relay = startRelay(Number(port));
  await using two = await openTwo({ port: relay.port });
  const { first, second } = two;
  expect(await write(first, 0)).toBe('stored');
  relay.cut(true);
  const cutMs = performance.now();
  const hanging = write(first, 1);
  await until(() => isWriter(second));
  expect(performance.now() - cutMs).toBeLessThan(TAKEN_OVER_MS);
  expect(await write(second, 2)).toBe('stored');
  relay.cut(false);
  expect(await hanging).toMatchObject({ code: 'unavailable' });
  expect(await write(first, 3)).toBeInstanceOf(WriterElsewhere);
  expect(first.duty()).toBe('reader');
  expect(two.notices[0]).toBe('database_lost');
  expect(two.notices).not.toContain('database_back');
  expect(await countSamples(second)).toBe(2);
  // And back again.
  await second.close();
  await until(() => isWriter(first));
  expect(await write(first, 4)).toBe('stored');
  relay.stop();
});

testServer('the database refuses the transactions of a writer that was replaced', async () => {
  await using two = await openTwo();
  const { first, server, address } = two;
  // As a service does that takes over, while the first one still believes in its lock.
  await server.query(address, 'UPDATE writer SET epoch = epoch + 1');
  expect(await write(first, 0)).toMatchObject({ code: 'unavailable' });
  expect(await countSamples(first)).toBe(0);
  expect(two.notices).toEqual(['database_lost']);
  await until(() => isWriter(first) || isWriter(two.second));
});

testServer(
  'a database that is read only has no writer, which is said once, until it can be written',
  async () => {
    const server = await started!;
    const address = await server.newAddress();
    const faults: string[] = [];
    const store = await open(address, {
      onNotice: ({ event, message }) => void (event === 'lock_not_taken' && faults.push(message)),
    });
    // As after a failover of the database, where the address leads to a standby.
    await server.query(address, 'ALTER ROLE CURRENT_USER SET default_transaction_read_only = on');
    await server.query(address, `SELECT pg_terminate_backend(pid) FROM (${LOCK_HOLDER}) AS holder`);
    await until(() => faults.length > 0);
    await Bun.sleep(1200);
    expect(faults).toEqual([expect.stringContaining('25006')]);
    expect(store.duty()).toBe('reader');
    expect(await store.checkWritable().catch((error) => error)).toMatchObject({ code: 'unavailable' });
    const allow = 'BEGIN READ WRITE; ALTER ROLE CURRENT_USER RESET default_transaction_read_only; COMMIT';
    await server.query(address, allow);
    await until(() => isWriter(store));
    await store.createJobs([pastJob('1')]);
    await store.close();
  },
);

testServer('changes and sessions of the writer reach those who watch the other service', async () => {
  await using two = await openTwo();
  const { first, second } = two;
  const jobs = new Set<string>();
  let accessChanges = 0;
  second.watchChanges((change) => {
    for (const id of [...(change.jobs ?? []), ...(change.measured ?? [])]) jobs.add(id);
  });
  second.watchAccess(() => accessChanges++);
  const many = Array.from({ length: 2000 }, (_, index) => `ä"${index}`);
  await write(first, 1);
  await first.createJobs(many.map((id) => pastJob(id)));
  await until(() => ['1', ...many].every((id) => jobs.has(id)));
  expect(accessChanges).toBe(0);
  await first.startSession(
    {
      hash: 'a',
      identity: { name: 'alice', proof: 'munge', isLocal: false },
      createdMs: 0,
      expiresMs: NOON_MS,
    },
    { timeMs: 0, caller: 'alice', proof: 'munge', action: 'session_started', subject: 'alice' },
  );
  await until(() => accessChanges === 1);
  expect((await second.loadAccess(0)).sessions).toHaveLength(1);
});
