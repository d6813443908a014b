import { expect } from 'bun:test';
import { copyFileSync, rmSync } from 'node:fs';
import { $ } from 'bun';
import { type Cluster, testWithCluster } from '../help/cluster.ts';
import { type All, expectSame, startAll } from '../help/deployment.ts';
import { serve } from '../help/executable.ts';
import { findDifferences, REPEATED, type Runs } from '../help/records.ts';
import { isSince, MIDDLE, NEWEST, OLDEST, type Release } from '../help/release.ts';
import { runRequeues, runScenario, until } from '../help/scenario.ts';
import { watchJobs } from '../help/watch.ts';

const TEST_MS = 400_000;
/** The ends that the runs of the scenario have. */
const ENDS = ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMEOUT', 'NODE_FAIL', 'REQUEUED'];

testWithSlurm([OLDEST, MIDDLE, NEWEST], 'the API shows every run as accounting has it', async (release) => {
  await using all = await startAll(release);
  await using server = await all.start();
  await using alone = await all.startAlone();
  await Promise.all([runScenario(all.cluster), timeJob(server.url, all.cluster)]);
  const accounting = await expectSame(server.url, all, ENDS);
  await expectSame(alone.url, all, []);
  expect(server.errors()).not.toMatch(/refused|unreadable|invalid|failed/);
  await expectChecks(all, server.url);
  await server.stop();
  await expectImports(all, accounting);
});

/** Declares a test for a cluster of each of these releases. */
function testWithSlurm(
  releases: readonly Release[],
  name: string,
  run: (release: Release) => Promise<void>,
): void {
  for (const release of releases) {
    testWithCluster(release)(`Slurm ${release.version}: ${name}`, () => run(release), TEST_MS);
  }
}

/** Prints how long it takes until the API shows that a job is pending, runs and has ended. */
async function timeJob(url: string, { submit }: Cluster): Promise<void> {
  const startMs = Date.now();
  const id = await submit('games', 'sleep 3', '--exclude=node03', '--job-name=timed');
  const times: string[] = [`${Date.now() - startMs} ms sbatch`];
  let last = '';
  for (const endMs = Date.now() + 30_000; Date.now() < endMs; await Bun.sleep(10)) {
    const answer = await fetch(`${url}/v1/jobs/${id}`);
    const { state, state_confirmed } = (await answer.json()) as { state?: string; state_confirmed?: boolean };
    const now = answer.ok ? `${state}${state_confirmed ? ' confirmed' : ''}` : '';
    if (now !== last) times.push(`${Date.now() - startMs} ms ${now}`);
    last = now;
    if (state_confirmed) break;
  }
  console.log(`a job of 3 s: ${times.join(', ')}`);
}

/** Expects `slurm check` to find no problem, and to advise about each part that is then removed. */
async function expectChecks({ run, cluster, folder, settings }: All, url: string): Promise<void> {
  const check = async (...args: string[]) => {
    const { exitCode, stdout } = await run('slurm', 'check', '--server', url, ...args);
    return { exitCode, stdout, counts: stdout.trim().split('\n').at(-1) };
  };
  expect(await check()).toMatchObject({ exitCode: 0, counts: '10 ok, 0 missing, 0 wrong.' });
  expect(await check('--node')).toMatchObject({ exitCode: 0, counts: '5 ok, 1 missing, 0 wrong.' });

  const hooks = folder.file('hooks');
  rmSync(`${hooks}/epilog-slurmctld`);
  const gone = await check();
  expect(gone).toMatchObject({ exitCode: 1, counts: '9 ok, 0 missing, 1 wrong.' });
  expect(gone.stdout).toContain(
    `wrong    EpilogSlurmctld is ${hooks}/epilog-slurmctld, which cannot be read`,
  );
  expect(gone.stdout).toContain(`hpc-observe slurm hooks ${hooks}`);
  await run('slurm', 'hooks', hooks, '--spool', folder.file('spool'));
  expect(await check()).toMatchObject({ exitCode: 0 });

  const isRemoved = (line: string) => /^(PrologSlurmctld|JobComp)/.test(line);
  await restartWith(settings.filter((line) => !isRemoved(line)));
  const bare = await check();
  expect(bare).toMatchObject({ exitCode: 0, counts: '8 ok, 2 missing, 0 wrong.' });
  for (const line of settings.filter(isRemoved)) expect(bare.stdout).toContain(line);
  await restartWith(settings);
  expect(await check()).toMatchObject({ exitCode: 0, counts: '10 ok, 0 missing, 0 wrong.' });

  async function restartWith(lines: readonly string[]): Promise<void> {
    cluster.configure(lines);
    await cluster.stopService('slurmctld');
    await cluster.startService('slurmctld');
  }
}

/**
 * Expects an import to store what accounting has, and a second one, or one of known jobs, to change nothing.
 */
async function expectImports({ run, cluster, folder }: All, accounting: Runs): Promise<void> {
  const since = new Date(Date.now() - 24 * 3_600_000).toISOString().slice(0, 10);
  const importInto = async (database: string, ...source: string[]) => {
    const args = ['slurm', 'import', '--database', folder.file(database), ...source];
    const { exitCode, stdout, stderr } = await run(...args);
    console.log(`${database}: ${stdout.trim()}`);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  };
  const expectRuns = async (database: string, runs: Runs) => {
    await using server = await serve({ folder: folder.path, args: ['--database', folder.file(database)] });
    expect(await findDifferences(server.url, runs)).toEqual([]);
  };
  expect(await importInto('asked.db', '--since', since)).toMatch(/, 0 refused, 0 unreadable/);
  await expectRuns('asked.db', accounting);
  expect(await importInto('asked.db', '--since', since)).toStartWith('Nothing is new.');
  await expectRuns('asked.db', accounting);

  copyFileSync(folder.file('hpc-observe.db'), folder.file('live.db'));
  const imported = await importInto('live.db', '--since', since);
  // In 24.11 only accounting has SLUIDs.
  const hasNewSluids = isSince(cluster.release, '24.11') && !isSince(cluster.release, '26.05');
  expect(imported).toStartWith(hasNewSluids ? 'Records of sacct' : 'Nothing is new.');
  expect(await importInto('live.db', '--since', since)).toStartWith('Nothing is new.');
  await expectRuns('live.db', accounting);

  const saved = folder.file('saved');
  await $`${cluster.release.enter} sacct -a -X -D -P --format=ALL -S ${since} > ${saved}`.env(cluster.env);
  // For a span of time sacct leaves out jobs that were never eligible to run, and maybe a scrontab job
  // between its runs.
  const times = { ...cluster.env, SLURM_TIME_FORMAT: '%s' };
  const rows = await $`${cluster.release.enter} sacct -a -X -D -P -n --format=JobIDRaw,Submit -S ${since}`
    .env(times)
    .text();
  const listed = new Set(rows.split('\n'));
  const isListed = (id: string, { name, start_time, submit_time }: Readonly<Record<string, unknown>>) =>
    start_time !== undefined ||
    name !== REPEATED ||
    listed.has(`${id}|${Date.parse(submit_time as string) / 1000}`);
  const ran = new Map(
    [...accounting]
      .filter(([, runs]) => runs.some(({ start_time }) => start_time))
      .map(([id, runs]) => [id, runs.filter((run) => isListed(id, run))]),
  );
  expect(ran.size).toBeLessThan(accounting.size);
  expect(await importInto('saved.db', '--file', saved)).toMatch(/, 0 refused, 0 unreadable/);
  await expectRuns('saved.db', ran);
  expect(await importInto('live.db', '--file', saved)).toStartWith('Nothing is new.');
}

testWithSlurm(
  [OLDEST, NEWEST],
  'nothing is lost while the service is stopped or when it is killed',
  async (release) => {
    await using all = await startAll(release);
    const delays: number[] = [];
    let isOver = false;
    let server = await all.start();
    async function disturb(): Promise<void> {
      await Bun.sleep(3000);
      await server.stop();
      await Bun.sleep(20_000);
      while (!isOver) {
        server = await all.start();
        const delayMs = Math.round(200 + Math.random() * 5000);
        delays.push(delayMs);
        await Bun.sleep(delayMs);
        await server.stop('SIGKILL');
      }
    }
    const disturbance = disturb();
    try {
      await runScenario(all.cluster);
    } finally {
      isOver = true;
      await disturbance;
    }
    console.log(`killed after ${delays.join(', ')} ms`);
    server = await all.start();
    await using _ = server;
    await expectSame(server.url, all, ENDS);
  },
);

testWithSlurm(
  [OLDEST, MIDDLE, NEWEST],
  'requeued runs are complete without completion records, with hooks and without',
  async (release) => {
    await using all = await startAll(release, { hasCompletions: false });
    await using server = await all.start();
    await using alone = await all.startAlone();
    await runRequeues(all.cluster);
    await expectSame(server.url, all, ['COMPLETED', 'CANCELLED', 'REQUEUED']);
    await expectSame(alone.url, all, []);
  },
);

testWithSlurm(
  [OLDEST, NEWEST],
  'nothing is lost when slurmctld and slurmdbd restart while jobs run and end',
  async (release) => {
    await using all = await startAll(release);
    const { run, submit, stopService, startService } = all.cluster;
    await using server = await all.start();
    const watch = watchJobs(server.url);
    const shows = (id: string, state: string) =>
      until(`job ${id} to be shown as ${state}`, async () => watch.statesOf(id).at(-1) === state);

    const lasting = await submit('games', 'sleep 30', '--job-name=lasting');
    const ending = await submit('daemon', 'sleep 6', '--job-name=ending', '--nodes=2');
    const failing = await submit('games', 'sleep 6; exit 3', '--job-name=failing');
    const held = await submit('daemon', 'true', '--job-name=held', '--hold');
    await Promise.all([lasting, ending, failing].map((id) => shows(id, 'running')));
    await shows(held, 'pending');
    await stopService('slurmctld');
    // Two of the jobs end in the meantime.
    await Promise.all([
      Bun.sleep(10_000),
      until('squeue to fail', async () => server.errors().includes('squeue failed')),
    ]);
    // Time for the service to react to the failure.
    await Bun.sleep(1000);
    for (const id of [lasting, ending, failing]) expect(watch.statesOf(id).at(-1)).toBe('running');
    expect(watch.statesOf(held)).toEqual(['pending']);

    await startService('slurmctld');
    await Promise.all([shows(ending, 'completed'), shows(failing, 'failed')]);

    await stopService('slurmdbd');
    const unaccounted = await submit('daemon', 'sleep 1', '--job-name=unaccounted');
    await run('scancel', held);
    await Promise.all([
      shows(unaccounted, 'completed'),
      shows(held, 'cancelled'),
      shows(lasting, 'completed'),
    ]);
    await startService('slurmdbd');
    // slurmctld sends the records that waited for slurmdbd together with a new one.
    const stateOf = (id: string) => run('sacct', '-X', '-n', '-P', '-j', id, '-o', 'State');
    await until('accounting to catch up', async () => {
      await submit('games', 'true', '--job-name=news');
      await Bun.sleep(4000);
      return (await stateOf(unaccounted)) === 'COMPLETED';
    });
    await until('the queue to be empty', async () => (await run('squeue', '--noheader')) === '');

    await expectSame(server.url, all, ['COMPLETED', 'FAILED', 'CANCELLED']);
    await watch.stop();
    expect(watch.faults).toEqual([]);
    const moves = (id: string) => watch.statesOf(id).filter((state) => state !== 'pending');
    for (const id of [lasting, ending, unaccounted]) expect(moves(id)).toEqual(['running', 'completed']);
    expect(moves(failing)).toEqual(['running', 'failed']);
    expect(moves(held)).toEqual(['cancelled']);
  },
);
