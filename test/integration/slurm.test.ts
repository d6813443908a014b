import { expect } from 'bun:test';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { $ } from 'bun';
import { type Cluster, startCluster, testWithCluster } from '../help/cluster.ts';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { freePorts } from '../help/port.ts';
import { findDifferences, readAccounting } from '../help/records.ts';
import { runScenario } from '../help/scenario.ts';

const testWithSlurm = testWithCluster();
const TEST_MS = 280_000;
/** slurmctld posts a completion that nobody took again after half a minute. */
const SETTLE_MS = 75_000;

/** A cluster that is set up as the README says, and how to start the service that it tells of its jobs. */
async function startAll() {
  const folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  const spool = folder.file('spool');
  mkdirSync(spool);
  await $`install -d -o slurm -g root -m 2770 ${spool}`;
  const port = (await freePorts(1))[0]!;
  const { stdout } = await runExecutable(['slurm', 'hooks', folder.file('hooks'), '--spool', spool], {
    folder: folder.path,
  });
  const hooks = stdout
    .split('\n')
    .flatMap((line) => /^ +(\w*(?:Prolog|Epilog)\w*=.*)$/.exec(line)?.[1] ?? []);
  expect(hooks).toHaveLength(4);
  const cluster = await startCluster({
    settings: [
      ...hooks,
      'JobCompType=jobcomp/elasticsearch',
      `JobCompLoc=http://127.0.0.1:${port}/v1/slurm/jobcomp`,
    ],
  });
  return {
    cluster,
    spool,
    start: () =>
      serve({
        folder: folder.path,
        args: ['--port', String(port), '--slurm', 'on', '--slurm-interval', '2s', '--spool', spool],
        env: { SLURM_CONF: cluster.env.SLURM_CONF },
      }),
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** Waits until the API shows what accounting has, and expects that it does; and that no hook harmed Slurm. */
async function expectSame(url: string, cluster: Cluster, spool: string): Promise<void> {
  const accounting = await readAccounting(cluster);
  const startMs = Date.now();
  let differences = await findDifferences(url, accounting);
  for (; differences.length > 0 && Date.now() - startMs < SETTLE_MS; await Bun.sleep(500)) {
    differences = await findDifferences(url, accounting);
  }
  const runs = [...accounting.values()].flat();
  const waitedMs = Date.now() - startMs;
  console.log(
    `${accounting.size} jobs, ${runs.length} runs; the same as in accounting ${waitedMs} ms after the last`,
  );
  if (differences.length > 0) console.error(differences.join('\n'));
  expect(differences).toEqual([]);
  const words = new Set(runs.map(({ raw_state }) => raw_state));
  for (const word of ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMEOUT', 'NODE_FAIL', 'REQUEUED']) {
    expect(words).toContain(word);
  }
  expect(await cluster.run('sinfo', '--noheader', '--Node', '--partition=main', '--format=%N %T')).toBe(
    'node01 idle\nnode02 idle\nnode03 idle',
  );
  expect(readdirSync(spool)).toEqual([]);
}

testWithSlurm(
  'what becomes of jobs is what accounting says of them',
  async () => {
    await using all = await startAll();
    await using server = await all.start();
    await Promise.all([runScenario(all.cluster), timeJob(server.url, all.cluster)]);
    await expectSame(server.url, all.cluster, all.spool);
    expect(server.errors()).not.toMatch(/refused|faults|failed/);
  },
  TEST_MS,
);

/** How long it takes until the API shows that a job was handed in, runs, and has ended. */
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

testWithSlurm(
  'nor does it matter when the service is away or killed',
  async () => {
    await using all = await startAll();
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
    await expectSame(server.url, all.cluster, all.spool);
  },
  TEST_MS,
);
