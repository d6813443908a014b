import { expect } from 'bun:test';
import { readFileSync } from 'node:fs';
import { startAgents } from '../help/agents.ts';
import { NODES, testWithCgroups } from '../help/cluster.ts';
import { startComputeNetwork } from '../help/compute-network.ts';
import { curl } from '../help/curl.ts';
import { startAll } from '../help/deployment.ts';
import { MIDDLE, NEWEST, OLDEST, type Release } from '../help/release.ts';
import { until } from '../help/scenario.ts';
import { hasMemoryGroups } from '../help/slurm-cgroups.ts';
import { type Account, secondsAt, usageJobs } from '../help/usage-jobs.ts';

// Real jobs of a real Slurm in real cgroups, an agent on each of three nodes, and the service, which is away
// for a while. What the service shows afterwards is compared with what the jobs did by their own account.

const TEST_MS = 400_000;
const INTERVAL_MS = 5000;

interface Plan {
  readonly release: Release;
  readonly outageMs: number;
  /** Whether a job has a step `extern` on each of its nodes for as long as it lives. */
  readonly hasExtern: boolean;
}

const PLANS: readonly Plan[] = [
  { release: OLDEST, outageMs: 30_000, hasExtern: false },
  { release: MIDDLE, outageMs: 120_000, hasExtern: true },
  { release: NEWEST, outageMs: 30_000, hasExtern: false },
];

for (const plan of PLANS) {
  testWithCgroups(plan.release)(
    `Slurm ${plan.release.version}: what jobs use on each node is shown truly, also while the service was away`,
    async () => {
      await using scene = await startScene(plan);
      try {
        const ids = await runJobs(scene);
        await expectBurning(scene, ids.burn);
        await expectIdle(scene, ids.idle);
        await expectLeak(scene, ids.leak);
        for (const name of ['short', 'hidden'] as const) await expectShort(scene, name, ids[name]);
        await expectRequeued(scene, ids.again);
        await expectSteps(scene, ids.steps);
      } catch (error) {
        console.error(scene.describe());
        throw error;
      }
    },
    TEST_MS,
  );
}

interface Sample {
  readonly timeMs: number;
  readonly node: string;
  readonly cpu: number;
  readonly memoryMb: number;
  /** Counted since the start of the run on the node. */
  readonly cpuSeconds: number;
}

interface Usage {
  readonly samples: number;
  readonly cpu_usage: { readonly mean: number; readonly max: number };
  readonly memory_usage_mb: { readonly mean: number; readonly max: number };
}

interface Job {
  readonly nodes: readonly string[];
  readonly state: string;
  readonly raw_state: string;
  readonly start_time: string;
  readonly end_time?: string;
  readonly sluid?: string;
}

type Scene = Awaited<ReturnType<typeof startScene>>;

/** Starts a cluster, the service as it is set up for one, and an agent for each node, known by MUNGE. */
async function startScene(plan: Plan) {
  const stack = new AsyncDisposableStack();
  const network = stack.use(await startComputeNetwork());
  // slurmctld 24.11 crashes where it cannot post completions (docs/slurm.md).
  const hasCompletions = plan.release !== MIDDLE;
  // More jobs than CPUs run at the same time.
  const partition = 'PartitionName=shared Nodes=ALL OverSubscribe=FORCE:8 DefaultTime=10:00';
  const further = [partition, ...(plan.hasExtern ? ['PrologFlags=Contain'] : [])];
  const all = stack.use(await startAll(plan.release, { hasCgroups: true, hasCompletions, further }));
  const mungeSocket = all.cluster.file('munge/socket');
  const servers: Awaited<ReturnType<typeof all.start>>[] = [];
  const startServer = async () => {
    const server = stack.use(await all.start({ args: ['--host', '0.0.0.0', '--munge-socket', mungeSocket] }));
    servers.push(server);
    return server;
  };
  const server = await startServer();
  const outside = `http://${network.head}:${all.port}`;
  // The kernel knows nobody there.
  expect((await curl([`${outside}/v1/jobs`], (...line) => [...network.enter, ...line])).status).toBe(401);
  const agents = stack.use(
    startAgents({
      nodes: NODES,
      server: outside,
      folder: all.folder.file('agents'),
      interval: `${INTERVAL_MS}ms`,
      mungeSocket,
      enter: network.enter,
    }),
  );
  const url = `http://127.0.0.1:${all.port}`;
  const read = async <Answer>(path: string): Promise<Answer> => {
    const answer = await fetch(`${url}${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Answer;
  };
  return {
    ...plan,
    cluster: all.cluster,
    jobs: usageJobs(all.cluster),
    agents,
    server,
    startServer,
    url,
    read,
    jobOf: (id: string) => read<Job>(`/v1/jobs/${id}`),
    summaryOf: (id: string) =>
      read<Usage & { nodes: (Usage & { node: string })[] }>(`/v1/jobs/${id}/summary`),
    /** The samples of a job by node, in the order of time. */
    async samplesOf(id: string, query = ''): Promise<Map<string, Sample[]>> {
      const first = (await read<Job>(`/v1/jobs/${id}`)).nodes[0]!;
      const { samples } = await read<{ samples: Record<string, unknown>[] }>(
        `/v1/jobs/${id}/metrics?limit=10000&fields=cpu_usage,memory_usage_mb,cpu_seconds${query}`,
      );
      const rows = samples.map((row) => ({
        timeMs: Date.parse(row.timestamp as string),
        // Samples of the first node do not name it.
        node: (row.node as string | undefined) ?? first,
        cpu: row.cpu_usage as number,
        memoryMb: row.memory_usage_mb as number,
        cpuSeconds: row.cpu_seconds as number,
      }));
      return Map.groupBy(rows, ({ node }) => node);
    },
    /** Says what may explain a failure. */
    describe(): string {
      const logs = ['slurmctld', ...NODES.map((node) => `slurmd.${node}`)].map((name) =>
        readFileSync(all.cluster.file(`log/${name}`), 'utf8').slice(-2000),
      );
      return [
        ...logs,
        ...servers.map((server) => server.errors().slice(-2000)),
        ...agents.logs().map((log) => log.slice(-2000)),
      ].join('\n\n');
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/**
 * Runs jobs, stops the service while they run, and returns their ids when it is back and has everything.
 */
async function runJobs(scene: Scene) {
  const { cluster, jobs, agents, server, startServer, outageMs, hasExtern, url } = scene;
  const submit = (name: string, script: string, ...options: string[]) =>
    cluster.submit('games', script, '--partition=shared', `--job-name=${name}`, '--mem=50', ...options);
  const isSent = async () => agents.behindMs() < INTERVAL_MS;
  const burning = jobs.burning('burn', 600);
  const burn = await submit(
    'burn',
    // Without a step `extern` only a step of its own shows that the job is on a node.
    hasExtern
      ? burning
      : `srun sh -c 'if [ $SLURMD_NODENAME = node02 ]; then exec ${burning}; else exec sleep 600; fi'`,
    ...['--nodes=3', '--ntasks=3', '--ntasks-per-node=1'],
  );
  const idle = await submit('idle', 'sleep 600', '--nodelist=node03');
  const leak = await submit('leak', jobs.leaking, '--nodelist=node03');
  const short = await submit('short', jobs.burning('short', 5), '--nodelist=node01');
  const again = await submit(
    'again',
    `if [ \${SLURM_RESTART_COUNT:-0} = 0 ]; then ${jobs.burning('again', 600)}; else sleep 600; fi`,
    ...['--nodelist=node03', '--requeue'],
  );
  const steps = await submit(
    'steps',
    [1, 2, 3]
      .map((step) => `srun --nodes=1 --ntasks=1 --nodelist=node02 ${jobs.burning(`step${step}`, 3)}; sleep 4`)
      .join('; '),
    ...['--nodes=2', '--ntasks=2', '--nodelist=node01,node02'],
  );
  await Bun.sleep(15_000);
  await expectSameInMetrics(scene, [burn, idle, leak, short, again]);
  await server.stop();
  await cluster.run('scontrol', 'requeue', again);
  await Bun.sleep(2000);
  // Slurm lets it wait for two minutes.
  await until('the requeued job to run again', async () => {
    await cluster.run('scontrol', 'update', `jobid=${again}`, 'StartTime=now').catch(() => {});
    return (await cluster.run('squeue', '-h', `--jobs=${again}`, '--format=%T')) === 'RUNNING';
  });
  const hidden = await submit('hidden', jobs.burning('hidden', 5), '--nodelist=node01');
  await Bun.sleep(outageMs - 5000);
  await startServer();
  await until('the agents to have sent what waited', isSent);
  await expectSameInMetrics(scene, [burn, idle, again]);
  jobs.stop();
  // Time for the last line of its account.
  await Bun.sleep(1000);
  await cluster.run('scancel', burn, idle, again);
  await until('the queue to be empty', async () => (await cluster.run('squeue', '--noheader')) === '');
  const ids = { burn, idle, leak, short, again, steps, hidden };
  await until('the service to know all ends', async () => {
    const states = Object.values(ids).map(
      async (id) => (await (await fetch(`${url}/v1/jobs/${id}`)).json()) as Job,
    );
    return (await Promise.all(states)).every(({ end_time }) => end_time !== undefined);
  });
  await Bun.sleep(2 * INTERVAL_MS);
  await until('the agents to have sent the ends', isSent);
  expect(agents.logs().join('')).not.toMatch(/samples_refused|batch_refused|batches_dropped|failed/);
  return ids;
}

/**
 * Expects a sample of every interval from the first to the last. One may stand for the next, if that began
 * within a second after it, because CPU usage needs a second between two readings.
 */
function expectAllIntervals(samples: readonly Sample[], atLeast: number): void {
  const seen = new Set(
    samples
      .flatMap(({ timeMs }) => [timeMs, timeMs + 1000])
      .map((timeMs) => Math.floor(timeMs / INTERVAL_MS)),
  );
  const [first, last] = [samples[0]!, samples.at(-1)!].map(({ timeMs }) =>
    Math.floor(timeMs / INTERVAL_MS),
  ) as [number, number];
  const missing = Array.from({ length: last - first + 1 }, (_, index) => first + index).filter(
    (interval) => !seen.has(interval),
  );
  expect(missing.map((interval) => new Date(interval * INTERVAL_MS).toISOString())).toEqual([]);
  expect(seen.size).toBeGreaterThanOrEqual(atLeast);
}

/** Expects the CPU usage of one CPU to be what the program used by its own account, from sample to sample. */
function expectAccount(samples: readonly Sample[], account: readonly Account[]): void {
  const [first, last] = [samples[0]!, samples.at(-1)!];
  const shown = samples
    .slice(1)
    .reduce(
      (sum, { timeMs, cpu }, index) => sum + (cpu / 100) * ((timeMs - samples[index]!.timeMs) / 1000),
      0,
    );
  const used = secondsAt(account, last.timeMs) - secondsAt(account, first.timeMs);
  console.log(`${shown.toFixed(2)} CPU seconds shown, ${used.toFixed(2)} used, ${samples.length} samples`);
  expect(used).toBeGreaterThan(0.3);
  // On a busy machine either is read some tenths of a second late.
  expect(Math.abs(shown - used)).toBeLessThan(0.03 * used + 0.3);
}

/**
 * Expects the last count of CPU seconds to be what programs used that ran one after the other. A busy agent
 * misses the end of one, which version 1 does not tell of at all, and then lacks what came since its last
 * reading.
 */
function expectCounted(samples: readonly Sample[], accounts: readonly (readonly Account[])[]) {
  const counted = largest(samples.map(({ cpuSeconds }) => cpuSeconds));
  const used = accounts.reduce((sum, account) => sum + account.at(-1)!.cpuSeconds, 0);
  console.log(`${counted.toFixed(2)} CPU seconds counted, ${used.toFixed(2)} used`);
  expect(counted).toBeLessThan(1.05 * used + 0.2);
  expect(counted).toBeGreaterThan(0.95 * used - 1.3 * accounts.length);
}

const largest = (values: readonly number[]): number => Math.max(...values);

/** One node of three burns, and the two others only hold the job. */
async function expectBurning({ samplesOf, summaryOf, jobs, hasExtern, outageMs }: Scene, id: string) {
  const samples = await samplesOf(id);
  const busy = hasExtern ? 'node01' : 'node02';
  const summary = new Map((await summaryOf(id)).nodes.map((usage) => [usage.node, usage]));
  expect([...samples.keys()].sort()).toEqual([...NODES]);
  for (const node of NODES) {
    const own = samples.get(node)!;
    expectAllIntervals(own, Math.floor((outageMs + 15_000) / INTERVAL_MS));
    expect(summary.get(node)!.samples).toBe(own.length);
    expect(summary.get(node)!.cpu_usage.max).toBe(largest(own.map(({ cpu }) => cpu)));
    if (node === busy) expectAccount(own, jobs.accountOf('burn'));
    else expect(largest(own.slice(1).map(({ cpu }) => cpu))).toBeLessThan(3);
  }
  const others = NODES.filter((node) => node !== busy).map((node) => summary.get(node)!.cpu_usage.mean);
  expect(summary.get(busy)!.cpu_usage.mean).toBeGreaterThan(10 * largest(others));
}

/** A job that sleeps is there, and uses nothing. */
async function expectIdle({ samplesOf, outageMs }: Scene, id: string) {
  const samples = (await samplesOf(id)).get('node03')!;
  expectAllIntervals(samples, Math.floor((outageMs + 15_000) / INTERVAL_MS));
  expect(largest(samples.slice(1).map(({ cpu }) => cpu))).toBeLessThan(3);
  expect(largest(samples.map(({ memoryMb }) => memoryMb))).toBeLessThan(10);
}

/** A job that takes more and more memory is seen to, up to its limit of 50 MB. */
async function expectLeak({ samplesOf, summaryOf, jobOf, release }: Scene, id: string) {
  const held = (await samplesOf(id)).get('node03')!.map(({ memoryMb }) => memoryMb);
  const peak = largest(held);
  console.log(`leak: ${held.join(' ')} MB`);
  expect(peak).toBeGreaterThan(25);
  expect(peak).toBeLessThanOrEqual(52);
  // After its last process nothing is left.
  const growing = held.slice(0, held.indexOf(peak) + 1);
  expect(growing).toEqual(growing.toSorted((one, other) => one - other));
  expect((await summaryOf(id)).memory_usage_mb.max).toBe(peak);
  const { state, raw_state } = await jobOf(id);
  expect([state, raw_state]).toEqual(['failed', hasMemoryGroups(release) ? 'OUT_OF_MEMORY' : 'FAILED']);
}

/** A job of five seconds has samples from its first to its last second, and a summary. */
async function expectShort({ samplesOf, summaryOf, jobs }: Scene, name: string, id: string) {
  const samples = (await samplesOf(id)).get('node01')!;
  const account = jobs.accountOf(name);
  expect(samples.length).toBeGreaterThanOrEqual(2);
  expect(samples[0]!.timeMs - account[0]!.timeMs).toBeLessThan(2500);
  expect(account.at(-1)!.timeMs - samples.at(-1)!.timeMs).toBeLessThan(2500);
  expectAccount(samples, account);
  expectCounted(samples, [account]);
  const { cpu_usage, memory_usage_mb } = await summaryOf(id);
  expect(cpu_usage.mean).toBeGreaterThan(5);
  expect(memory_usage_mb.max).toBeGreaterThan(0);
}

/** The first run burned, and the second one slept: each has its own samples. */
async function expectRequeued({ samplesOf, read, jobs }: Scene, id: string) {
  const { runs } = await read<{ runs: (Job & { run: number })[] }>(`/v1/jobs/${id}/runs`);
  expect(runs.map(({ run }) => run)).toEqual([2, 1]);
  const [second, first] = runs as unknown as [Job, Job];
  if (second.sluid !== undefined) expect(second.sluid).not.toBe(first.sluid!);
  const before = (await samplesOf(id, '&run=1')).get('node03')!;
  const after = (await samplesOf(id, '&run=2')).get('node03')!;
  expectAccount(before, jobs.accountOf('again'));
  expectAllIntervals(after, 5);
  expect(largest(after.slice(1).map(({ cpu }) => cpu))).toBeLessThan(3);
  expect(before.at(-1)!.timeMs).toBeLessThan(after[0]!.timeMs);
}

/** What the steps of a job use counts on, although the group of the job comes and goes with them. */
async function expectSteps({ samplesOf, jobs }: Scene, id: string) {
  const samples = await samplesOf(id);
  const own = samples.get('node02')!;
  expect(own.length).toBeGreaterThanOrEqual(3);
  expectCounted(own, ['step1', 'step2', 'step3'].map(jobs.accountOf));
  const counts = own.map(({ cpuSeconds }) => cpuSeconds);
  expect(counts).toEqual(counts.toSorted((one, other) => one - other));
  expect(largest(samples.get('node01')!.map(({ cpu }) => cpu))).toBeLessThan(10);
}

/** /metrics has the latest sample of each job and node. */
async function expectSameInMetrics({ samplesOf, url }: Scene, ids: readonly string[]) {
  const sinceMs = Date.now() - 3 * INTERVAL_MS;
  const text = await (await fetch(`${url}/metrics`)).text();
  const metricOf = (name: string, id: string, node: string) =>
    Number(new RegExp(`^${name}{job_id="${id}",node="${node}",user="games"} (\\S+)$`, 'm').exec(text)?.[1]);
  for (const id of ids) {
    const byNode = await samplesOf(id);
    expect(byNode.size).toBeGreaterThan(0);
    for (const [node, samples] of byNode) {
      // Some may have come since.
      const latest = samples.filter(({ timeMs }) => timeMs > sinceMs);
      expect(latest.map(({ cpu }) => cpu)).toContain(metricOf('hpc_job_cpu_usage_percent', id, node));
      expect(latest.map(({ memoryMb }) => memoryMb * 2 ** 20)).toContain(
        metricOf('hpc_job_memory_usage_bytes', id, node),
      );
    }
  }
}
