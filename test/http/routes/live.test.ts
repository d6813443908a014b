import { expect, test } from 'bun:test';
import type { Way } from '../../../src/access/way.ts';
import { ANYBODY, type Identity } from '../../../src/domain/caller.ts';
import { pastJob, sample } from '../../help/builders.ts';
import { nodeReport } from '../../help/node-report.ts';
import { startService } from '../../help/service.ts';

const PEOPLE: Record<string, Identity> = {
  alice: { name: 'alice', proof: 'kernel', isLocal: true },
  bob: { name: 'bob', proof: 'kernel', isLocal: true },
  root: { name: 'root', proof: 'kernel', isLocal: true },
};
const byHeader: Way = ({ request }) => PEOPLE[request.headers.get('x-person') ?? ''];

type Service = Awaited<ReturnType<typeof startService>>;

const start = (times = { tellMs: 10, beatMs: 3_600_000 }) =>
  startService({ ways: [byHeader], liveTimes: times });

/** Watches as somebody; `next` resolves to the next event as `name: data`, or `end`. */
async function watch(service: Service, person: string, headers: Record<string, string> = {}) {
  const response = await service.app.handle(
    new Request('http://localhost/v1/live', { headers: { 'x-person': person, ...headers } }),
  );
  const reader = response.body!.getReader();
  const events: string[] = [];
  async function next(): Promise<string> {
    while (events.length === 0) {
      const { value, done } = await reader.read();
      if (done) return 'end';
      const text = new TextDecoder().decode(value);
      events.push(...text.split('\n\n').slice(0, -1));
    }
    return events.shift()!.replace(/^event: (\w+)\ndata: /, '$1 ');
  }
  return { response, next, cancel: () => reader.cancel() };
}

const change = (fields: object) =>
  `change ${JSON.stringify({ jobs: [], more_jobs: false, measured: [], more_measured: false, nodes: false, ...fields })}`;

test('a stream begins with hello, and no proxy or browser keeps it', async () => {
  await using service = await start();
  const { response, next, cancel } = await watch(service, 'root');
  expect(await next()).toBe('hello {"version":"1.0.0","heartbeat_seconds":15}');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  await cancel();
});

test('changes are told together, after they can be read', async () => {
  await using service = await start({ tellMs: 60, beatMs: 3_600_000 });
  const { next, cancel } = await watch(service, 'root');
  await next();
  await service.store.createJobs([pastJob('a'), pastJob('b')]);
  await service.store.recordSamples([{ ...sample(0), jobId: 'a' }], undefined, {
    report: nodeReport(),
    receivedMs: 0,
  });
  expect(await next()).toBe(change({ jobs: ['a', 'b'], measured: ['a'], nodes: true }));
  await service.store.updateJob('b', { state: 'completed' }, 0);
  expect(await next()).toBe(change({ jobs: ['b'] }));
  await cancel();
});

test('a caller who may see only own jobs hears only of those', async () => {
  await using service = await start();
  const alice = await watch(service, 'alice');
  const bob = await watch(service, 'bob');
  await Promise.all([alice.next(), bob.next()]);
  await service.store.createJobs([pastJob('foreign', { user: 'bob' })]);
  expect(await bob.next()).toBe(change({ jobs: ['foreign'] }));
  await service.store.recordSample('foreign', sample(0));
  expect(await bob.next()).toBe(change({ measured: ['foreign'] }));
  await service.store.createJobs([pastJob('own')]);
  expect(await alice.next()).toBe(change({ jobs: ['own'] }));
  await Promise.all([alice.cancel(), bob.cancel()]);
});

test('a job whose id is used again is told to its new owner', async () => {
  await using service = await start();
  const alice = await watch(service, 'alice');
  await alice.next();
  await service.store.createJobs([pastJob('7')]);
  expect(await alice.next()).toBe(change({ jobs: ['7'] }));
  await service.store.deleteJob('7');
  await service.store.createJobs([pastJob('7', { user: 'bob' })]);
  await service.store.recordSample('7', sample(0));
  await service.store.createJobs([pastJob('8')]);
  expect(await alice.next()).toBe(change({ jobs: ['8'] }));
  await alice.cancel();
});

test('a quiet stream says that it is still there', async () => {
  await using service = await start({ tellMs: 10, beatMs: 5 });
  const { next, cancel } = await watch(service, 'root');
  expect([await next(), await next(), await next()].slice(1)).toEqual(['heartbeat {}', 'heartbeat {}']);
  await cancel();
});

test('a stream ends when its token is revoked', async () => {
  await using service = await start({ tellMs: 10, beatMs: 5 });
  const { secret } = await service.tokens.create({ name: 'wall', role: 'viewer' }, PEOPLE.root!);
  const { next } = await watch(service, '', { authorization: `Bearer ${secret}` });
  for (let event = 0; event < 10; event++) expect(await next()).not.toBe('end');
  await service.tokens.revoke('wall', PEOPLE.root!);
  let events = 0;
  while ((await next()) !== 'end') expect(++events).toBeLessThan(20);
  expect(service.live.count()).toBe(0);
});

test('a caller has a bounded number of streams, and one that is closed makes room', async () => {
  await using service = await start();
  const streams = await Promise.all(Array.from({ length: 20 }, () => watch(service, 'alice')));
  const refused = await service.send('GET', '/v1/live', undefined, { 'x-person': 'alice' });
  expect([refused.status, refused.json.message]).toEqual([
    429,
    'alice has 20 streams of changes, which is the most. Close one of them first.',
  ]);
  expect((await service.send('GET', '/v1/live', undefined, { 'x-person': 'bob' })).status).toBe(200);
  await streams[0]!.cancel();
  expect((await service.send('GET', '/v1/live', undefined, { 'x-person': 'alice' })).status).toBe(200);
  for (const { cancel } of streams) await cancel();
  expect(service.live.count()).toBe(0);
});

test('streams are bounded in all', async () => {
  await using service = await startService();
  const answers = await Promise.all(
    Array.from({ length: 2000 }, () => service.app.handle(new Request('http://localhost/v1/live'))),
  );
  expect(service.live.count()).toBe(2000);
  const { status, json } = await service.send('GET', '/v1/live');
  expect([status, json.message]).toEqual([
    503,
    'There are 2000 streams of changes, which is the most. Try again later.',
  ]);
  for (const { body } of answers) await body!.cancel();
  expect(service.live.count()).toBe(0);
});

test('who reads nothing is disconnected, and others are told on', async () => {
  await using service = await start({ tellMs: 1, beatMs: 3_600_000 });
  const slow = await watch(service, 'root');
  const other = await watch(service, 'root');
  await other.next();
  for (let round = 0; service.live.count() === 2; round++) {
    expect(round).toBeLessThan(100);
    const names = Array.from({ length: 40 }, (_, index) => `${round}-${index}-`.padEnd(250, 'x'));
    await service.store.createJobs(names.map((id) => pastJob(id)));
    expect(await other.next()).toStartWith('change ');
  }
  expect(service.live.count()).toBe(1);
  await expect(slow.next()).rejects.toThrow('The client reads too slowly.');
  await other.cancel();
});

test('all streams end when the service stops, and it admits no more', async () => {
  await using service = await start();
  const { next } = await watch(service, 'alice');
  await next();
  service.live.stop();
  expect(await next()).toBe('end');
  const { status } = await service.send('GET', '/v1/live', undefined, { 'x-person': 'alice' });
  expect([status, service.live.count()]).toEqual([503, 0]);
});

test('HEAD opens no stream, and an unknown parameter is refused', async () => {
  await using service = await start();
  const head = await service.send('HEAD', '/v1/live', undefined, { 'x-person': 'root' });
  expect([head.status, head.text, service.live.count()]).toEqual([200, '', 0]);
  expect((await service.send('GET', '/v1/live?job=7', undefined, { 'x-person': 'root' })).status).toBe(400);
});

test('a stream ends when a new server takes over, so that its client connects to the new one', async () => {
  await using service = await start({ tellMs: 10, beatMs: 5 });
  const sent: string[] = [];
  const ended = Promise.withResolvers<void>();
  let isRetired = false;
  const leave = service.live.watch({
    caller: ANYBODY,
    checkCaller: async () => ANYBODY,
    isRetired: () => isRetired,
    send: (event) => void sent.push(new TextDecoder().decode(event)),
    end: ended.resolve,
  });
  while (sent.length < 2) await Bun.sleep(1);
  isRetired = true;
  await ended.promise;
  leave();
  expect(sent.at(-1)).toStartWith('event: heartbeat');
});
