import { expect, test } from 'bun:test';
import type { Identity } from '../../../src/domain/caller.ts';
import { auditEntry, type Token } from '../../../src/domain/store/access.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { codeOf, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { listReadings } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

const TOKEN: Token = { name: 't', role: 'viewer', hash: 'a', createdMs: 0, createdBy: 'root' };
const ALICE: Identity = { name: 'alice', proof: 'munge', isLocal: false };
const ENTRY = auditEntry(ALICE, 'session_started', 'alice', 0);
const JOB = { id: 'z', user: 'alice', nodes: ['n1'] };

/** Calls of every method that can be refused, with valid arguments. */
const CALLS: [string, (store: Store) => Promise<unknown>][] = [
  ['streamJobs', (store) => Array.fromAsync(store.streamJobs({}, {}))],
  ['applyReports', (store) => store.applyReports([])],
  ['listUnconfirmed', (store) => store.listUnconfirmed(0)],
  ['streamRuns', (store) => Array.fromAsync(store.streamRuns('a'))],
  ['listEvents', (store) => store.listEvents('a')],
  ['plotSamples', (store) => store.plotSamples('a', {}, 10)],
  ['mapSamples', (store) => store.mapSamples('a', { field: 'cpu_usage', columns: 10 })],
  ['traceSamples', (store) => store.traceSamples('a')],
  ['streamSamples', (store) => Array.fromAsync(store.streamSamples('a', {}))],
  ['summarizeJob', (store) => store.summarizeJob('a')],
  ['readState', (store) => store.readState('x')],
  ['saveState', (store) => store.saveState('x', 1)],
  ['countThroughput', (store) => store.countThroughput()],
  ['countFindings', (store) => store.countFindings()],
  ['createJob', (store) => store.createJob(JOB, NOON_MS)],
  ['createJobs', (store) => store.createJobs([pastJob('z')])],
  ['getJob', (store) => store.getJob('a')],
  ['updateJob', (store) => store.updateJob('a', { state: 'failed' }, NOON_MS)],
  ['deleteJob', (store) => store.deleteJob('a')],
  ['listJobs', (store) => store.listJobs({}, { limit: 1, offset: 0 })],
  ['recordSample', (store) => store.recordSample('a', sample(0))],
  ['recordSamples', (store) => store.recordSamples([{ jobId: 'a', ...sample(0) }])],
  ['listSamples', (store) => listReadings(store, 'a', {}, 1)],
  ['liveSeries', (store) => Array.fromAsync(store.liveSeries(0))],
  ['nodeReports', (store) => Array.fromAsync(store.nodeReports())],
  ['countJobs', (store) => store.countJobs()],
  ['checkWritable', (store) => store.checkWritable()],
  ['loadAccess', (store) => store.loadAccess(0)],
  ['createToken', (store) => store.createToken(TOKEN, ENTRY)],
  [
    'revokeToken',
    async (store) => {
      await store.createToken(TOKEN, ENTRY);
      await store.revokeToken('t', ENTRY);
    },
  ],
  ['saveTokenUses', (store) => store.saveTokenUses(new Map())],
  [
    'startSession',
    (store) => store.startSession({ hash: 'a', identity: ALICE, createdMs: 0, expiresMs: 1 }, ENTRY),
  ],
  ['endSessions', (store) => store.endSessions([], ENTRY)],
  ['endSessionsOf', (store) => store.endSessionsOf('alice', ENTRY)],
  ['listAudit', (store) => store.listAudit({ limit: 1 })],
  ['expire', (store) => store.expire({}, NOON_MS)],
];

export function lifetime(makePlace: MakePlace) {
  test('acknowledged writes are there after closing and opening again', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a', { nodes: ['n2', 'n1'] }), pastJob('b')]);
    await place.store.recordSample('a', sample(1, { gpuUsage: 3, node: 'n1' }));
    await place.store.updateJob('b', { state: 'failed' }, NOON_MS + 7);
    const before = await place.store.listJobs({}, { limit: 10, offset: 0 });
    await place.reopen();
    expect(await place.store.listJobs({}, { limit: 10, offset: 0 })).toEqual(before);
    expect(before.jobs.map(({ id, gpuUsage, endTimeMs }) => [id, gpuUsage, endTimeMs])).toEqual([
      ['a', 3, undefined],
      ['b', undefined, NOON_MS + 7],
    ]);
    expect((await listReadings(place.store, 'a', {}, 10)).samples).toEqual([
      { timeMs: NOON_MS + 1, node: 'n1', cpuUsage: 50, memoryUsageMb: 1000, gpuUsage: 3 },
    ]);
  });

  test('close commits the writes that were accepted before it', async () => {
    await using place = await emptyStore(makePlace);
    const accepted = [
      place.store.createJobs([pastJob('a')]),
      ...[1, 2, 3].map((atMs) => place.store.recordSample('a', sample(atMs))),
    ];
    const closed = place.store.close();
    expect((await Promise.allSettled(accepted)).map(({ status }) => status)).toEqual(
      accepted.map(() => 'fulfilled'),
    );
    await closed;
    await place.reopen();
    expect((await listReadings(place.store, 'a', {}, 10)).total).toBe(3);
  });

  test('close commits large batches that were accepted before it, and single writes behind them', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    const batch = (fromMs: number) =>
      Array.from({ length: 4000 }, (_, index) => ({ jobId: 'a', ...sample(fromMs + index) }));
    const accepted: Promise<unknown>[] = [];
    for (const fromMs of [0, 5000, 10_000, 15_000]) {
      accepted.push(store.recordSamples(batch(fromMs)), store.recordSample('a', sample(fromMs + 4500)));
      await Bun.sleep(1);
    }
    const closed = store.close();
    expect((await Promise.allSettled(accepted)).map(({ status }) => status)).toEqual(
      accepted.map(() => 'fulfilled'),
    );
    await closed;
    await place.reopen();
    expect((await listReadings(place.store, 'a', {}, 1)).total).toBe(4 * 4001);
  });

  test('state of the service survives closing and opening again, and is replaced by later values', async () => {
    await using place = await emptyStore(makePlace);
    expect(await place.store.readState('x')).toBeUndefined();
    await place.store.saveState('x', 1);
    await place.store.saveState('x', 2 ** 40);
    await place.store.saveState('y', 3);
    await place.reopen();
    expect([await place.store.readState('x'), await place.store.readState('y')]).toEqual([2 ** 40, 3]);
  });

  test('a write sees the jobs that were created before it in the same turn, however large both are', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const nodes = Array.from({ length: 3000 }, (_, index) => `n${index}`);
    const samples = Array.from({ length: 6000 }, (_, index) => ({ jobId: 'a', ...sample(index) }));
    const [, batch] = await Promise.all([
      store.createJob({ id: 'a', user: 'alice', nodes }, NOON_MS),
      store.recordSamples(samples),
      store.recordSample('a', sample(-1)),
    ]);
    expect(batch).toMatchObject({ stored: 6000, refused: 0 });
  });

  test.each(CALLS)('%s works before close and rejects with unavailable after it', async (_, call) => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a')]);
    expect(await codeOf(call(place.store))).toBe('none');
    await place.store.close();
    expect(await codeOf(call(place.store))).toBe('unavailable');
  });

  test('status reports the waiting rows and the size of the database', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    expect(store.status().queueLength).toBe(0);
    const before = store.status().databaseBytes;
    const writing = store.createJobs(Array.from({ length: 500 }, (_, index) => pastJob(`job-${index}`)));
    expect(store.status().queueLength).toBe(500);
    await writing;
    expect(store.status().queueLength).toBe(0);
    // An engine may measure it in the background, and remember it for a while.
    const endMs = Date.now() + 5000;
    while (store.status().databaseBytes === 0 && Date.now() < endMs) await Bun.sleep(10);
    expect(store.status().databaseBytes).toBeGreaterThan(0);
    expect(store.status().databaseBytes).toBeGreaterThanOrEqual(before);
  });
}
