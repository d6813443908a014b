import { afterAll, expect } from 'bun:test';
import { expectSame, startAll } from '../help/deployment.ts';
import { serve } from '../help/executable.ts';
import { hasPostgres, startPostgres } from '../help/postgres.ts';
import { findDifferences } from '../help/records.ts';
import { OLDEST } from '../help/release.ts';
import { ENDS, runScenario } from '../help/scenario.ts';
import { testWithReleases } from '../help/slurm-releases.ts';

// What Slurm tells, by hooks, completion records, squeue and sacct, is in PostgreSQL as accounting has it.

const starting = hasPostgres() ? startPostgres() : undefined;
afterAll(async () => (await starting)?.[Symbol.asyncDispose]());

testWithReleases([OLDEST], 'PostgreSQL has every run as accounting has it', async (release) => {
  if (!starting) return;
  const postgres = await starting;
  const live = ['--database', await postgres.newAddress()];
  await using all = await startAll(release);
  const since = new Date(Date.now() - 24 * 3_600_000).toISOString().slice(0, 10);
  const importInto = async (database: readonly string[]) => {
    const { stdout, stderr } = await all.run('slurm', 'import', '--since', since, ...database);
    expect(stderr).toBe('');
    return stdout;
  };
  {
    // Killed on the way: what it was told and had not answered is told again.
    const scenario = runScenario(all.cluster);
    const first = await all.start({ args: live });
    await Bun.sleep(10_000);
    await first.stop('SIGKILL');
    await using server = await all.start({ args: live });
    await scenario;
    const accounting = await expectSame(server.url, all, ENDS);
    expect(server.errors()).not.toMatch(/refused|unreadable|invalid|failed/);
    expect(await server.stop()).toBe(0);
    expect(await importInto(live)).toStartWith('Nothing is new.');

    const asked = ['--database', await postgres.newAddress()];
    expect(await importInto(asked)).toMatch(/, 0 refused, 0 unreadable/);
    expect(await importInto(asked)).toStartWith('Nothing is new.');
    await using imported = await serve({ folder: all.folder.path, args: asked });
    expect(await findDifferences(imported.url, accounting)).toEqual([]);
  }
});
