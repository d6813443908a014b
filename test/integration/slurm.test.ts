import { expect } from 'bun:test';
import { copyFileSync, rmSync } from 'node:fs';
import { $ } from 'bun';
import type { Cluster } from '../help/cluster.ts';
import { type All, expectSame, startAll } from '../help/deployment.ts';
import { serve } from '../help/executable.ts';
import { findDifferences, REPEATED, type Runs } from '../help/records.ts';
import { isSince, MIDDLE, NEWEST, OLDEST } from '../help/release.ts';
import { ENDS, runScenario } from '../help/scenario.ts';
import { testWithReleases } from '../help/slurm-releases.ts';

testWithReleases(
  [OLDEST, MIDDLE, NEWEST],
  'the API shows every run as accounting has it',
  async (release) => {
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
  },
);

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
