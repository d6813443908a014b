import { expect, test } from 'bun:test';
import type { Way } from '../../src/access/way.ts';
import { HOOK_CALLED } from '../../src/api/hook-event.ts';
import { OPERATIONS } from '../../src/api/operations.ts';
import type { Identity } from '../../src/domain/caller.ts';
import { pastJob, sample } from '../help/builders.ts';
import { REMOTE_WRITE_HEADERS, remoteWrite } from '../help/remote-write.ts';
import { startService } from '../help/service.ts';

// Every route × every role × a job of the caller's own and a foreign one. A new operation needs a row.

const PEOPLE = {
  nobody: undefined,
  user: { name: 'alice', uid: 1000, proof: 'kernel', isLocal: true },
  viewer: { name: 'grafana', proof: 'token', isLocal: false, role: 'viewer' },
  ingest: { name: 'root', uid: 0, proof: 'munge', isLocal: false },
  admin: { name: 'root', uid: 0, proof: 'kernel', isLocal: true },
} as const satisfies Record<string, Identity | undefined>;
type Person = keyof typeof PEOPLE;

/** Known by a header that only this test believes. */
const byHeader: Way = ({ request }) => PEOPLE[(request.headers.get('x-person') ?? 'nobody') as Person];

/** The status for each person; for a `user`, that with the own job and that with the foreign one. */
type Row = Readonly<Record<Exclude<Person, 'user'>, number>> & {
  readonly user: number | readonly [own: number, foreign: number];
};

const READ: Row = { nobody: 401, user: [200, 404], viewer: 200, ingest: 403, admin: 200 };
const LIST: Row = { nobody: 401, user: 200, viewer: 200, ingest: 403, admin: 200 };
const ingestRow = (done: number): Row => ({ nobody: 401, user: 403, viewer: 403, ingest: done, admin: done });
const adminRow = (done: number): Row => ({ nobody: 401, user: 403, viewer: 403, ingest: 403, admin: done });
const knownRow = (done: number): Row => ({
  nobody: 401,
  user: done,
  viewer: done,
  ingest: done,
  admin: done,
});

const ROWS: Readonly<Record<string, Row>> = {
  getHealth: { nobody: 200, user: 200, viewer: 200, ingest: 200, admin: 200 },
  getMetrics: { nobody: 401, user: 403, viewer: 200, ingest: 403, admin: 200 },
  listJobs: LIST,
  getJob: READ,
  listMetrics: READ,
  listSamples: READ,
  getSummary: READ,
  listSparklines: LIST,
  getFindings: READ,
  getSizing: READ,
  getHeatMap: READ,
  getQuality: READ,
  getWait: READ,
  // Without Slurm nobody has steps.
  listSteps: { nobody: 401, user: [503, 404], viewer: 503, ingest: 403, admin: 503 },
  getOverview: LIST,
  getOverviewHistory: LIST,
  getQueue: LIST,
  listClusters: LIST,
  listMergedJobs: LIST,
  getArray: READ,
  listNames: LIST,
  listNodes: LIST,
  watchChanges: LIST,
  getNode: LIST,
  getNodeUsage: LIST,
  listUsage: LIST,
  getWaste: LIST,
  getUser: READ,
  getUserCard: READ,
  getAccount: READ,
  listNotices: LIST,
  saveDigestWish: LIST,
  // A link that was not signed here is good for nobody.
  refuseDigest: { nobody: 404, user: 404, viewer: 404, ingest: 404, admin: 404 },
  listPolicies: adminRow(200),
  tryPolicies: adminRow(200),
  listRuns: READ,
  listEvents: READ,
  createJob: adminRow(201),
  createJobs: adminRow(200),
  updateJob: adminRow(200),
  deleteJob: adminRow(204),
  recordSample: ingestRow(201),
  recordSamples: ingestRow(200),
  receiveRemoteWrite: ingestRow(204),
  receiveOtlp: ingestRow(200),
  receiveOtlpMetrics: ingestRow(200),
  jobStarted: ingestRow(200),
  jobFinished: ingestRow(200),
  hookCalled: ingestRow(200),
  receiveCompletion: ingestRow(200),
  // Without a token in the path there is nobody, whoever else the request comes from.
  receiveCompletionByToken: { nobody: 401, user: 401, viewer: 401, ingest: 401, admin: 401 },
  whoami: { nobody: 200, user: 200, viewer: 200, ingest: 200, admin: 200 },
  // A token needs no session.
  startSession: { ...knownRow(201), viewer: 403 },
  createSignInLink: { ...knownRow(201), viewer: 403 },
  // None of them has a session that could end.
  endSession: knownRow(404),
  revokeSessions: adminRow(200),
  judgeAnew: adminRow(200),
  listTokens: adminRow(200),
  createToken: adminRow(201),
  revokeToken: adminRow(204),
  listAudit: adminRow(200),
};

const BODIES: Readonly<Record<string, (jobId: string) => unknown>> = {
  createJob: () => ({ id: 'new', user: 'alice', nodes: ['n1'] }),
  createJobs: () => ({
    jobs: [{ id: 'new', user: 'alice', nodes: ['n1'], start_time: '2026-01-20T10:00:00Z' }],
  }),
  updateJob: () => ({ state: 'completed' }),
  recordSample: () => ({ cpu_usage: 50, memory_usage_mb: 100 }),
  recordSamples: (jobId) => ({ samples: [{ job_id: jobId, cpu_usage: 50, memory_usage_mb: 100 }] }),
  jobStarted: () => ({ job_id: 'new', user: 'alice', node_list: ['n1'] }),
  jobFinished: (jobId) => ({ job_id: jobId, final_state: 'completed' }),
  hookCalled: () => HOOK_CALLED.body!.schema.example,
  receiveCompletion: () => ({ jobid: 7 }),
  receiveCompletionByToken: () => ({ jobid: 7 }),
  createToken: () => ({ name: 'new', role: 'viewer' }),
  saveDigestWish: () => ({ wanted: false }),
  tryPolicies: () => ({ name: 'policies.toml', text: '', since_seconds: 3600 }),
  receiveRemoteWrite: () => remoteWrite([]),
  receiveOtlp: () => ({ resourceMetrics: [] }),
  receiveOtlpMetrics: () => ({ resourceMetrics: [] }),
};

const HEADERS: Readonly<Record<string, Record<string, string>>> = {
  receiveRemoteWrite: REMOTE_WRITE_HEADERS,
};

/** The service with a job of alice and one of bob, and a token. */
async function start() {
  const service = await startService({ ways: [byHeader] });
  await service.store.createJobs([
    pastJob('own', { details: { account: 'own', arrayJobId: 'own' } }),
    pastJob('foreign', { user: 'bob', details: { account: 'foreign', arrayJobId: 'foreign' } }),
  ]);
  for (const id of ['own', 'foreign']) await service.store.recordSample(id, sample(1000));
  await service.tokens.create({ name: 'old', role: 'viewer' }, PEOPLE.admin);
  return service;
}

/** What an operation requires in its query. */
const QUERIES: Readonly<Record<string, (jobId: string) => string>> = {
  revokeSessions: () => '?user=alice',
  listSparklines: (jobId) => `?job=${jobId}`,
  listNames: () => '?kind=user',
};

const pathOf = (id: string, path: string, jobId: string): string =>
  path
    .replace(':user', jobId === 'own' ? 'alice' : jobId === 'foreign' ? 'bob' : jobId)
    .replace(':account', jobId)
    .replace(/:(jobId|arrayId)/, jobId)
    .replace(':name', 'old')
    .replace(':node', 'n1')
    .replace(':token', 'none') + (QUERIES[id]?.(jobId) ?? '');

test.each(OPERATIONS)('$id ($method $path) as everybody', async ({ id, method, path }) => {
  expect(ROWS[id], `${id} needs a row in this test`).toBeDefined();
  let service = await start();
  for (const [person, row] of Object.entries(ROWS[id]!)) {
    for (const [place, jobId] of ['own', 'foreign'].entries()) {
      const body = BODIES[id]?.(jobId);
      const answer = await service.send(method, pathOf(id, path, jobId), body, {
        'x-person': person,
        ...HEADERS[id],
      });
      const expected = typeof row === 'number' ? row : row[place]!;
      expect([person, jobId, answer.status]).toEqual([person, jobId, expected]);
      if (method === 'GET' || !String(answer.status).startsWith('2')) continue;
      await service[Symbol.asyncDispose]();
      service = await start();
    }
  }
  await service[Symbol.asyncDispose]();
});

test('a foreign job is answered exactly as one that does not exist', async () => {
  await using service = await start();
  for (const { id, method, path } of OPERATIONS.filter(
    ({ access, path }) => access === 'read' && /:(jobId|arrayId)/.test(path),
  )) {
    const ask = (jobId: string) =>
      service.send(method, pathOf(id, path, jobId), undefined, { 'x-person': 'user' });
    const [foreign, missing] = [await ask('foreign'), await ask('missing')];
    expect(foreign.json).toEqual(JSON.parse(missing.text.replaceAll('missing', 'foreign')));
    expect(foreign.status).toBe(missing.status);
  }
});

test.each(['fields=cpu_usage,threads', 'by=gpu', 'by=gpu&max_points=5', 'fields=threads&run=1&format=csv'])(
  'samples of a foreign job with %s are answered exactly as those of one that does not exist',
  async (query) => {
    await using service = await start();
    const ask = (jobId: string) =>
      service.send('GET', `/v1/jobs/${jobId}/metrics?${query}`, undefined, { 'x-person': 'user' });
    expect((await ask('own')).status).toBe(200);
    const [foreign, missing] = [await ask('foreign'), await ask('missing')];
    expect(foreign.status).toBe(404);
    expect(foreign.json).toEqual(JSON.parse(missing.text.replaceAll('missing', 'foreign')));
  },
);

test('lists, totals, CSV and filters of a user have no foreign job', async () => {
  await using service = await start();
  const ask = (query: string) => service.send('GET', `/v1/jobs${query}`, undefined, { 'x-person': 'user' });
  for (const query of [
    '',
    '?state=running',
    '?sort=cpu_usage',
    '?q=o',
    '?node=n1',
    '?since=2026-01-01T00:00:00Z',
  ]) {
    const { json } = await ask(query);
    expect([query, json.total, json.jobs.map(({ id }: { id: string }) => id)]).toEqual([query, 1, ['own']]);
  }
  expect((await ask('?user=bob')).json).toMatchObject({ total: 0, jobs: [] });
  for (const format of ['csv', 'ndjson']) expect((await ask(`?format=${format}`)).text).not.toContain('bob');
});
