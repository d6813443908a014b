import { expect } from 'bun:test';
import { startCluster, testWithCluster } from '../help/cluster.ts';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { freePorts } from '../help/port.ts';
import { OLDEST } from '../help/release.ts';
import { until } from '../help/scenario.ts';

testWithCluster(OLDEST)(
  'slurmctld posts completions with a token in the path of JobCompLoc, until the token is revoked',
  async () => {
    using folder = temporaryFolder();
    const [port] = await freePorts(1);
    const location = ['--port', String(port)];
    const create = ['token', 'create', '--name', 'slurmctld', '--role', 'ingest', ...location];
    const secret = (await runExecutable(create, { folder: folder.path })).stdout.trim();
    const place = `http://127.0.0.1:${port}/v1/slurm/jobcomp`;
    await using cluster = await startCluster({
      release: OLDEST,
      settings: ['JobCompType=jobcomp/elasticsearch', `JobCompLoc=${place}/${secret}`],
    });
    const env = { SLURM_CONF: cluster.env.SLURM_CONF! };
    // Slurm is not followed, so that all that is known comes from the records.
    await using server = await serve({ folder: folder.path, args: [...location, '--log-level', 'debug'] });
    const run = (...args: readonly string[]) =>
      runExecutable([...args, ...location], { folder: folder.path, env });
    async function stateOf(id: string): Promise<string | undefined> {
      const answer = await fetch(`${server.url}/v1/jobs/${id}`);
      return ((await answer.json()) as { state?: string }).state;
    }

    const first = await cluster.submit('games', 'true');
    await until('the record of the first job', async () => (await stateOf(first)) === 'completed');
    expect((await run('token', 'list')).stdout).toMatch(/^slurmctld +ingest .* never +\d{4}-/m);

    // Every user sees the token, and `slurm check` says so without showing it.
    expect(await cluster.run('runuser', '-u', 'games', '--', 'scontrol', 'show', 'config')).toContain(secret);
    const checked = (await run('slurm', 'check')).stdout;
    expect(checked).toContain(`slurmctld posts completion records to ${place}/….`);
    expect(checked).toContain('to every user');
    expect(checked).not.toContain(secret.slice(4));

    await run('token', 'revoke', 'slurmctld');
    const second = await cluster.submit('games', 'true');
    await until('a record to be refused', async () => server.errors().includes('credentials_refused'));
    expect(await stateOf(second)).toBeUndefined();
    expect(server.errors()).toContain('"route":"/v1/slurm/jobcomp/:token"');
    expect(server.errors()).not.toContain(secret.slice(4));
  },
  200_000,
);
