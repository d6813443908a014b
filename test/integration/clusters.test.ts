import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import type { ClusterListAnswer, MergedJobsAnswer } from '../../src/api/clusters.ts';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';

/** Alpha has it from a proxy; beta, without one, ignores it. */
const HEADERS = { 'content-type': 'application/json', 'x-remote-user': 'root' };

async function post(url: string, path: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(url + path, { method: 'POST', headers: HEADERS, body: JSON.stringify(body) });
  expect(answer.status).toBeLessThan(300);
  return (await answer.json()) as Record<string, unknown>;
}

/** Creates jobs of alice and bob in turn, one every two minutes. */
const fill = (url: string, prefix: string, fromMs: number) =>
  post(url, '/v1/jobs/batch', {
    jobs: Array.from({ length: 10 }, (_, at) => ({
      ...{ id: `${prefix}${at}`, user: at % 2 === 0 ? 'alice' : 'bob', nodes: ['n1'], state: 'running' },
      start_time: new Date(fromMs + at * 120_000).toISOString(),
    })),
  });

const makeToken = async (url: string, name: string, role: string) =>
  (await post(url, '/v1/tokens', { name, role })).token as string;

test('three clusters are one list, one of them hangs, and everybody sees their own jobs only', async () => {
  using folder = temporaryFolder();
  await using beta = await serve({ args: ['--visibility', 'own', '--cluster', 'beta', '--viewers', 'root'] });
  using hung = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const betaToken = await makeToken(beta.url, 'alpha', 'viewer');
  writeFileSync(folder.file('tokens'), `beta ${betaToken}\ngamma none\n`, { mode: 0o600 });
  await using alpha = await serve({
    folder: folder.path,
    args: [
      ...['--visibility', 'own', '--cluster', 'alpha', '--trusted-proxy', '127.0.0.1', '--admins', 'root'],
      ...['--peer-tokens-file', 'tokens'],
      ...['--peer', `beta=${beta.url},gamma=http://127.0.0.1:${hung.port}`],
    ],
  });
  const nowMs = Date.now() - 3_600_000;
  await fill(alpha.url, 'a', nowMs);
  await fill(beta.url, 'b', nowMs + 60_000);
  const get = async <Answer>(path: string, user = 'root') => {
    const headers = { 'x-remote-user': user };
    return (await (await fetch(alpha.url + path, { headers })).json()) as Answer;
  };

  const startedMs = performance.now();
  const { clusters } = await get<ClusterListAnswer>('/v1/clusters');
  expect(performance.now() - startedMs).toBeLessThan(6000);
  expect(clusters).toMatchObject([
    { name: 'alpha', running: expect.any(Number), cpus: { allocated: 0 } },
    { name: 'beta', running: expect.any(Number), url: beta.url },
    { name: 'gamma', error: expect.stringContaining('gamma does not answer.') },
  ]);

  const found: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 3; page++) {
    const next: MergedJobsAnswer = await get(
      `/v1/clusters/jobs?cluster=alpha,beta&limit=7${cursor === undefined ? '' : `&cursor=${cursor}`}`,
    );
    found.push(...next.jobs.map(({ job }) => job.id));
    cursor = next.next_cursor;
  }
  expect(cursor).toBeUndefined();
  expect(found).toEqual(Array.from({ length: 10 }, (_, at) => [`b${9 - at}`, `a${9 - at}`]).flat());

  const own: MergedJobsAnswer = await get('/v1/clusters/jobs?state=running&limit=50', 'alice');
  expect(new Set(own.jobs.map(({ job }) => job.user))).toEqual(new Set(['alice']));
  expect(own.jobs.length).toBe(10);
  expect(own.jobs[0]).toMatchObject({ cluster: 'beta', url: `${beta.url}/jobs/b8` });
  expect(own.clusters).toMatchObject([
    { name: 'alpha', total: 5 },
    { name: 'beta', total: 5 },
    { name: 'gamma', error: expect.any(String) },
  ]);

  const asAlice = { authorization: `Bearer ${betaToken}`, 'hpc-observe-for': 'alice' };
  const seen = await fetch(`${beta.url}/v1/jobs`, { headers: asAlice });
  expect(await seen.json()).toMatchObject({ total: 5 });
  const written = await fetch(`${beta.url}/v1/jobs/b0`, { method: 'DELETE', headers: asAlice });
  expect(written.status).toBe(401);
  const weak = await makeToken(beta.url, 'carol', 'ingest');
  const asCarol = { authorization: `Bearer ${weak}`, 'hpc-observe-for': 'alice' };
  expect((await fetch(`${beta.url}/v1/jobs`, { headers: asCarol })).status).toBe(401);
  for (const path of [
    '/v1/clusters/jobs?cluster=delta',
    '/v1/clusters/jobs?cursor=W10x',
    '/v1/clusters/jobs?limit=0',
  ])
    expect(await get(path)).toMatchObject({ error: 'validation_error' });

  // A peer that is gone is told at once.
  await beta.stop();
  const left: MergedJobsAnswer = await get('/v1/clusters/jobs?cluster=alpha,beta&limit=50');
  expect(left.jobs.length).toBe(10);
  expect(left.clusters[1]).toMatchObject({
    name: 'beta',
    error: expect.stringContaining('beta does not answer'),
  });
}, 60_000);
