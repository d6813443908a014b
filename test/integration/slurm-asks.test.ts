import { expect } from 'bun:test';
import { testWithCluster } from '../help/cluster.ts';
import { startAll } from '../help/deployment.ts';
import { NEWEST, OLDEST } from '../help/release.ts';
import { until } from '../help/scenario.ts';

const TEST_MS = 120_000;

for (const release of [OLDEST, NEWEST]) {
  testWithCluster(release)(
    `Slurm ${release.version}: the expected start of a waiting job, and the steps of one that ran`,
    async () => {
      await using all = await startAll(release);
      await using server = await all.start();
      const { submit } = all.cluster;
      const get = async (path: string) => {
        const answer = await fetch(`${server.url}/v1/jobs/${path}`);
        return { status: answer.status, json: (await answer.json()) as Record<string, never> };
      };
      const stateOf = async (id: string) => (await get(id)).json.state;

      const stepped = await submit(
        'games',
        'srun --job-name=first true; srun --job-name="a b" false',
        '--time=5',
      );
      await until('the job has ended', async () => (await stateOf(stepped)) === 'failed');
      let steps: readonly { raw_state: string }[] = [];
      // Accounting may know the end of the job before that of its batch step.
      await until('accounting has all steps', async () => {
        ({ steps = [] } = (await get(`${stepped}/steps`)).json as { steps?: { raw_state: string }[] });
        return steps.length === 3 && steps.every(({ raw_state: state }) => state !== 'RUNNING');
      });
      expect(steps).toMatchObject([
        { step: 'batch', name: 'batch', raw_state: 'FAILED', exit_code: 1 },
        { step: '0', name: 'first', raw_state: 'COMPLETED', exit_code: 0 },
        { step: '1', name: 'a b', raw_state: 'FAILED', exit_code: 1 },
      ]);

      const holders = await submit('games', 'sleep 300', '--nodes=3', '--exclusive', '--time=10');
      await until('it runs', async () => (await stateOf(holders)) === 'running');
      const waiting = await submit('games', 'true', '--nodes=3', '--exclusive', '--time=10');
      await until('it waits', async () => (await get(`${waiting}/wait`)).json.reason === 'Resources');
      const { json } = await get(`${waiting}/wait`);
      expect(json).toMatchObject({ cause: 'resources', asked_time: expect.any(String) });
      // The backfill scheduler knows it after its first round.
      if (json.expected_start_time)
        expect(Date.parse(json.expected_start_time)).toBeGreaterThan(Date.now() - 60_000);
      expect((await get(`${holders}/wait`)).json).toEqual({ job_id: holders } as never);
    },
    TEST_MS,
  );
}
