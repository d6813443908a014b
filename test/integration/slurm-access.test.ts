import { afterAll, expect } from 'bun:test';
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { $ } from 'bun';
import { testWithCluster } from '../help/cluster.ts';
import { curl } from '../help/curl.ts';
import { listEvents, startAll } from '../help/deployment.ts';
import { startMunge } from '../help/munge.ts';
import { OLDEST } from '../help/release.ts';
import { until } from '../help/scenario.ts';
import { createUser } from '../help/user.ts';

// A head node as an administrator of Slurm knows it: real users, accounts and a coordinator, PrivateData in
// slurm.conf, and a service without rights that was told nothing about access. Its tests share one cluster
// and run in this order.

const TEST_MS = 120_000;
const JSON_BODY = ['-H', 'content-type: application/json', '-d'];

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync(), TEST_MS);

type User = Awaited<ReturnType<typeof createUser>>;
type World = Awaited<ReturnType<typeof startWorld>>;
let world: Promise<World> | undefined;

function testInWorld(name: string, run: (world: World) => Promise<void>): void {
  testWithCluster(OLDEST)(
    `Slurm ${OLDEST.version}: ${name}`,
    async () => {
      world ??= startWorld();
      await run(await world);
    },
    TEST_MS,
  );
}

async function startWorld() {
  const all = stack.use(await startAll(OLDEST));
  const { cluster, folder, spool } = all;
  const { run, submit } = cluster;
  const users = await Promise.all(
    ['service', 'alice', 'bob', 'carol'].map(async (name) => stack.use(await createUser(`hpc-${name}`))),
  );
  const [service, alice, bob, carol] = users as [User, User, User, User];
  const account = (...words: string[]) => run('sacctmgr', '-i', ...words);
  await account('add', 'account', 'optics', 'parent=physics');
  await account('add', 'account', 'chemistry');
  const homes = { [alice.name]: 'optics', [bob.name]: 'chemistry', [carol.name]: 'physics' };
  for (const [name, home] of Object.entries(homes)) await account('add', 'user', name, `account=${home}`);
  await account('add', 'coordinator', 'account=physics', `names=${carol.name}`);
  // With PrivateData=jobs squeue shows all jobs to operators alone; docs/slurm.md.
  await account('add', 'user', service.name, 'account=root', 'adminlevel=operator');

  async function setPrivateData(isPrivate: boolean): Promise<void> {
    cluster.configure([...all.settings, ...(isPrivate ? ['PrivateData=jobs'] : [])]);
    await run('scontrol', 'reconfigure');
  }
  await setPrivateData(true);
  chownSync(folder.path, service.uid, service.uid);
  await $`chgrp ${service.name} ${spool}`;
  const commands = folder.file('bin');
  mkdirSync(commands);
  for (const name of ['squeue', 'sacct', 'sacctmgr']) symlinkSync(Bun.which(name)!, `${commands}/${name}`);
  /** Lets slurmctld answer the service or not, about its configuration alone. */
  function answerScontrol(isAnswered: boolean): void {
    const script = isAnswered ? `exec ${Bun.which('scontrol')} "$@"` : 'exit 1';
    writeFileSync(`${commands}/scontrol`, `#!/bin/sh\n${script}\n`);
    chmodSync(`${commands}/scontrol`, 0o755);
  }
  answerScontrol(false);
  const munge = cluster.file('munge/socket');
  const args = ['--slurm-bin', commands, '--munge-socket', munge];
  const start = async () => stack.use(await all.start({ as: service.run, args }));
  const server = await start();

  const jobs = {
    alice: await submit(alice.name, 'sleep 600'),
    aliceEnded: await submit(alice.name, 'true'),
    bob: await submit(bob.name, 'sleep 600'),
    bobEnded: await submit(bob.name, 'true'),
    physics: await submit('games', 'sleep 600'),
  };

  /** Sends a request of a user, of root if none is named. */
  const ask = (user: User | undefined, path: string, ...options: readonly string[]) =>
    curl([...options, `${server.url}${path}`], user?.run);
  /** The ids that the API lists for a user. */
  async function listed(user?: User): Promise<string[]> {
    const { json } = await ask(user, '/v1/jobs?limit=1000');
    expect(json.total).toBe(json.jobs.length);
    return json.jobs.map(({ id }: { id: string }) => id).sort();
  }
  /** Expects the API to list for each user what squeue does. */
  async function expectAsQueued(): Promise<void> {
    for (const user of [alice, bob, carol]) {
      const queued = await run(...user.run('squeue', '-h', '-a', '-t', 'all', '-o', '%A'));
      expect(await listed(user)).toEqual(queued.split('\n').filter(Boolean).sort());
    }
  }
  async function count(pattern: RegExp): Promise<number> {
    const { text } = await ask(undefined, '/metrics');
    return Number(new RegExp(`^${pattern.source} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  }
  return {
    ...{ all, cluster, alice, bob, carol, jobs, ask, listed, expectAsQueued, setPrivateData },
    ...{ answerScontrol, server, start },
    /** Makes a credential of a user, of root if none is named. */
    encode: async (user: User | undefined, ...options: readonly string[]) => {
      const words = ['munge', `--socket=${munge}`, '--string', 'hpc-observe test', ...options];
      return (await $`${user?.run(...words) ?? words}`.text()).trim();
    },
    stored: () => count(/hpc_observe_slurm_reports_total\{source="jobcomp",outcome="stored"\}/),
    refused: () =>
      count(
        /hpc_observe_http_request_seconds_count\{method="POST",route="\/v1\/slurm\/jobcomp",status="403"\}/,
      ),
  };
}
const authorize = (value: string) => ['-H', `authorization: ${value}`];

testInWorld('while slurmctld has not said who it is, its completions are refused', async (all) => {
  const { ask, listed, jobs, alice, carol, refused, answerScontrol } = all;
  await until('a completion to be refused', async () => (await refused()) > 0);
  await until('all jobs to be known', async () => (await listed()).length === Object.keys(jobs).length);
  // Nor is it known whether users may see each other's jobs.
  expect(await listed(alice)).toEqual([jobs.alice, jobs.aliceEnded]);
  answerScontrol(true);
  const accounts = async () => (await ask(carol, '/v1/whoami')).json.accounts.length;
  await until('Slurm to name coordinators', async () => (await accounts()) > 0);
});

testInWorld('with PrivateData=jobs users see their own jobs, and nobody else’s at any path', async (all) => {
  const { ask, jobs, alice, bob, expectAsQueued } = all;
  await expectAsQueued();
  const sample = JSON.stringify({ cpu_usage: 50, memory_usage_mb: 100 });
  for (const id of Object.values(jobs)) {
    expect((await ask(undefined, `/v1/jobs/${id}/metrics`, ...JSON_BODY, sample)).status).toBe(201);
  }
  const ways = ['', '/metrics', '/metrics?max_points=10', '/summary', '/runs', '/events'];
  const pages = [
    [alice, 'alice', 'bob'],
    [bob, 'bob', 'alice'],
  ] as const;
  for (const [user, own, other] of pages) {
    for (const id of [jobs[other], jobs[`${other}Ended`]])
      for (const way of ways)
        expect([way, (await ask(user, `/v1/jobs/${id}${way}`)).status]).toEqual([way, 404]);
    for (const id of [jobs[own], jobs[`${own}Ended`]])
      for (const way of ways)
        expect([way, (await ask(user, `/v1/jobs/${id}${way}`)).status]).toEqual([way, 200]);
    const filtered = await ask(user, `/v1/jobs?user=hpc-${other}`);
    expect(filtered.json).toMatchObject({ jobs: [], total: 0 });
    for (const format of ['csv', 'ndjson']) {
      const { status, text } = await ask(user, `/v1/jobs?format=${format}`);
      expect(status).toBe(200);
      expect(text).toContain(`hpc-${own}`);
      expect(text).not.toContain(`hpc-${other}`);
    }
    expect((await ask(user, '/metrics')).status).toBe(403);
  }
});

testInWorld('a coordinator sees the jobs of the account and of its sub-accounts', async (all) => {
  const { ask, listed, jobs, carol, cluster } = all;
  expect((await ask(carol, '/v1/whoami')).json).toMatchObject({
    sees: 'own',
    accounts: ['optics', 'physics'],
  });
  expect(await listed(carol)).toEqual([jobs.alice, jobs.aliceEnded, jobs.physics].sort());
  expect((await ask(carol, `/v1/jobs/${jobs.alice}/events`)).status).toBe(200);
  expect((await ask(carol, `/v1/jobs/${jobs.bob}`)).status).toBe(404);
  await cluster.run('sacctmgr', '-i', 'delete', 'coordinator', 'account=physics', `names=${carol.name}`);
  await until('carol to see nothing', async () => (await listed(carol)).length === 0);
});

testInWorld('a change of PrivateData is followed after scontrol reconfigure', async (all) => {
  const { listed, jobs, alice, setPrivateData, expectAsQueued } = all;
  const everything = Object.values(jobs).sort();
  for (const [isPrivate, visible] of [
    [false, everything],
    [true, [jobs.alice, jobs.aliceEnded]],
  ] as const) {
    const sinceMs = Date.now();
    await setPrivateData(isPrivate);
    await until('alice to see', async () => (await listed(alice)).length === visible.length);
    // Four polls of 2 s, and the commands themselves on a busy machine.
    const tookMs = Date.now() - sinceMs;
    console.log(`PrivateData ${isPrivate ? 'set' : 'removed'}: followed after ${tookMs} ms`);
    expect(tookMs).toBeLessThan(20_000);
    expect(await listed(alice)).toEqual([...visible].sort());
    await expectAsQueued();
  }
});

testInWorld(
  'the service takes files of root’s hooks, and root of another node by MUNGE only writes',
  async (all) => {
    const { ask, jobs, alice, encode } = all;
    const { json } = await ask(alice, `/v1/jobs/${jobs.alice}/events`);
    expect(json.events.map(({ source }: { source: string }) => source)).toContain('hook');
    // Those of Prolog and Epilog belong to root.
    expect(listEvents(all.all.spool)).toEqual([]);

    const started = await ask(
      undefined,
      '/v1/sessions',
      '-X',
      'POST',
      ...authorize(`Munge ${await encode(undefined)}`),
    );
    expect(started.status).toBe(201);
    const session = authorize(`Bearer ${started.json.token}`);
    const samples = [{ job_id: jobs.alice, node: 'node01', cpu_usage: 77, memory_usage_mb: 123 }];
    const written = await ask(
      undefined,
      '/v1/samples',
      ...session,
      ...JSON_BODY,
      JSON.stringify({ samples }),
    );
    expect([written.status, written.json.stored]).toEqual([200, 1]);
    const seen = await ask(alice, `/v1/jobs/${jobs.alice}/metrics`);
    expect(seen.json.samples.at(-1)).toMatchObject({ cpu_usage: 77, memory_usage_mb: 123 });
    // The kernel knows that the same root is on the machine of the service; the session does not.
    expect((await ask(undefined, `/v1/jobs/${jobs.bob}`, ...session)).status).toBe(403);
    expect((await ask(undefined, `/v1/jobs/${jobs.bob}`, ...session, '-X', 'DELETE')).status).toBe(403);
  },
);

testInWorld('credentials that bob forges and writes that he may not send change nothing', async (all) => {
  const { ask, jobs, bob, encode } = all;
  const read = async () => {
    const { text } = await ask(undefined, '/v1/jobs?format=ndjson');
    const audit = await ask(undefined, '/v1/audit?limit=1');
    const measured = await ask(undefined, `/v1/jobs/${jobs.alice}/metrics`);
    return [text, audit.text, measured.text];
  };
  const used = await encode(undefined);
  const short = await encode(undefined, '--ttl=1');
  expect((await ask(bob, '/v1/whoami', ...authorize(`Munge ${used}`))).json.name).toBe('root');
  await using otherKey = await startMunge();
  const forged = await otherKey.encode('hpc-observe test', '--uid=0');
  const sound = await encode(bob);
  const at = Math.floor(sound.length / 2);
  const altered = `${sound.slice(0, at)}${sound[at] === 'A' ? 'B' : 'A'}${sound.slice(at + 1)}`;
  await Bun.sleep(2100);
  const before = await read();
  for (const [credential, reason] of [
    [used, 'was used before'],
    [short, 'has expired'],
    [forged, 'was made with another key'],
    [altered, 'MUNGE credential'],
  ] as const) {
    for (const [method, path] of [
      ['POST', '/v1/sessions'],
      ['DELETE', `/v1/jobs/${jobs.alice}`],
    ] as const) {
      const { status, json } = await ask(bob, path, '-X', method, ...authorize(`Munge ${credential}`));
      expect(status).toBe(401);
      expect(json.message).toContain(reason);
    }
  }
  const end = {
    jobid: Number(jobs.alice),
    state: 'FAILED',
    '@end': '2026-01-01T00:00:00',
    username: 'hpc-alice',
  };
  const sample = { cpu_usage: 1, memory_usage_mb: 1 };
  const writes: [method: string, path: string, body?: object][] = [
    ['POST', '/v1/slurm/jobcomp', end],
    ['DELETE', `/v1/jobs/${jobs.alice}`],
    ['DELETE', `/v1/jobs/${jobs.bob}`],
    ['PATCH', `/v1/jobs/${jobs.bob}`, { state: 'completed' }],
    ['POST', `/v1/jobs/${jobs.bob}/metrics`, sample],
    ['POST', '/v1/samples', { samples: [{ job_id: jobs.alice, ...sample }] }],
    ['POST', '/v1/jobs', { id: 'x', user: 'hpc-bob', nodes: ['n'] }],
    ['POST', '/v1/events/job-finished', { job_id: jobs.alice, final_state: 'failed' }],
    ['POST', '/v1/tokens', { name: 'bob', role: 'admin' }],
    ['DELETE', '/v1/sessions?user=root'],
  ];
  for (const [method, path, body] of writes) {
    const options = ['-X', method, ...(body ? [...JSON_BODY, JSON.stringify(body)] : [])];
    expect([method, path, (await ask(bob, path, ...options)).status]).toEqual([method, path, 403]);
  }
  expect(await read()).toEqual(before);
});

testInWorld('slurmctld posts again what was refused, and is known at once after a restart', async (all) => {
  const { alice, cluster, server, start, answerScontrol, stored, refused } = all;
  const atFirst = await refused();
  await until('the completions to be stored', async () => (await stored()) >= 2);
  expect(await refused()).toBe(atFirst);
  expect(await server.stop()).toBe(0);
  answerScontrol(false);
  await start();
  await cluster.submit(alice.name, 'true');
  await until('the next completion', async () => (await stored()) > 0);
  expect(await refused()).toBe(0);
});
