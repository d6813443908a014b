import { expectSame, startAll } from '../help/deployment.ts';
import { NEWEST, OLDEST } from '../help/release.ts';
import { ENDS, runScenario } from '../help/scenario.ts';
import { testWithReleases } from '../help/slurm-releases.ts';

testWithReleases(
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
