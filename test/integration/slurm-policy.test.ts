import { expect } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { testWithCluster } from '../help/cluster.ts';
import { startAll } from '../help/deployment.ts';
import { OLDEST } from '../help/release.ts';
import { until } from '../help/scenario.ts';

const TEST_MS = 180_000;
const SAMPLE_MS = 1000;
/** 0.1 minutes, and some for two rounds. */
const IDLE_MS = 20_000;

const POLICIES = `
[policy.idle]
says = "This job was cancelled, because it used no CPU."
looks_at = "running"
job.cpu_idle_minutes = ">= 0.1"
excluded_users = ["daemon"]
tell = ["user"]
by = ["page"]
act = true
`;

testWithCluster(OLDEST)(
  'a policy cancels exactly the idle job of a real Slurm, and only where the command line allows it',
  async () => {
    await using all = await startAll(OLDEST);
    writeFileSync(all.folder.file('policies.toml'), POLICIES);
    const { submit } = all.cluster;
    const args = ['--policies', 'policies.toml'];
    let server = await all.start({ args });
    const get = async <Answer>(path: string) => (await (await fetch(server.url + path)).json()) as Answer;
    const stateOf = async (id: string) => (await get<{ state: string }>(`/v1/jobs/${id}`)).state;

    const idle = await submit('games', 'sleep 600', '--time=20');
    const busy = await submit('games', 'sleep 600', '--time=20');
    const excluded = await submit('daemon', 'sleep 600', '--time=20');
    const unmeasured = await submit('games', 'sleep 600', '--time=20');
    const jobs = [idle, busy, excluded, unmeasured];
    for (const id of jobs) await until(`${id} runs`, async () => (await stateOf(id)) === 'running');
    let isOver = false;
    const measuring = (async () => {
      for (; !isOver; await Bun.sleep(SAMPLE_MS)) {
        const samples = [idle, busy, excluded].map((id) => ({
          ...{ job_id: id, cpu_usage: id === busy ? 90 : 0, memory_usage_mb: 1 },
          timestamp: new Date().toISOString(),
        }));
        // The service is away for a moment.
        await fetch(`${server.url}/v1/samples`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ samples }),
        }).catch(() => {});
      }
    })();

    const acts = async () =>
      (await get<{ acts: { job_id: string; state: string }[] }>('/v1/policies')).acts.map(
        ({ job_id, state }) => `${job_id} ${state}`,
      );
    await until('the act to be rehearsed', async () => (await acts()).length > 0);
    expect(await acts()).toEqual([`${idle} rehearsed`]);
    await Bun.sleep(IDLE_MS);
    for (const id of jobs) expect([id, await stateOf(id)]).toEqual([id, 'running']);
    expect((await get<{ entries: unknown[] }>('/v1/audit')).entries).toEqual([]);

    await server.stop();
    server = await all.start({ args: [...args, '--allow-scancel'] });
    await until('the idle job is cancelled', async () => (await stateOf(idle)) === 'cancelled');
    await Bun.sleep(IDLE_MS);
    isOver = true;
    await measuring;
    for (const id of jobs.slice(1)) expect([id, await stateOf(id)]).toEqual([id, 'running']);
    expect((await acts())[0]).toBe(`${idle} done`);
    const { entries } = await get<{ entries: { subject: string }[] }>('/v1/audit');
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      ...{ subject: idle, action: 'job_cancelled', proof: 'policy', caller: 'idle' },
      evidence: expect.stringContaining('CPUs idle for'),
    });
    await server.stop();
  },
  TEST_MS,
);
