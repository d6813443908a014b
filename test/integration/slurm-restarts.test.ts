import { expect } from 'bun:test';
import { expectSame, startAll } from '../help/deployment.ts';
import { NEWEST, OLDEST } from '../help/release.ts';
import { until } from '../help/scenario.ts';
import { testWithReleases } from '../help/slurm-releases.ts';
import { watchJobs } from '../help/watch.ts';

testWithReleases(
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
