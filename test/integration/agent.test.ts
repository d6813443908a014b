import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EXECUTABLE, runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { freePorts } from '../help/port.ts';

const JOB = '/sys/fs/cgroup/system.slice/slurmstepd.scope/job_7';

/** A system below a folder that has one job, whose CPU time the test sets. */
function nodeWithJob(folder: string) {
  mkdirSync(`${folder}${JOB}/step_0`, { recursive: true });
  mkdirSync(`${folder}/proc/self`, { recursive: true });
  const write = (name: string, text: string) => writeFileSync(`${folder}${JOB}/${name}`, text);
  writeFileSync(
    `${folder}/proc/self/mountinfo`,
    '24 23 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n',
  );
  write('cpuset.cpus', '0-3\n');
  write('cpuset.cpus.effective', '0-3\n');
  write('memory.current', '2097152\n');
  write('memory.stat', 'anon 1048576\nfile 0\nshmem 1048576\n');
  write('cgroup.procs', '');
  return {
    useCpu: (seconds: number) =>
      write('cpu.stat', `usage_usec ${Math.round(seconds * 1e6)}\nuser_usec 0\nsystem_usec 0\n`),
  };
}

async function startAgent(root: string, url: string, spool: string, interval = '1s') {
  const args = [
    '--server',
    url,
    '--root',
    root,
    '--node',
    'n1',
    '--interval',
    interval,
    '--agent-spool',
    spool,
  ];
  return Bun.spawn([EXECUTABLE, 'agent', ...args], {
    stdout: 'ignore',
    stderr: 'ignore',
    env: { PATH: '/nowhere' },
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };
const createJob = (url: string) =>
  fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ id: '7', user: 'alice', nodes: ['n1'] }),
  });

interface Sample {
  readonly timestamp: string;
  readonly memory_usage_mb: number;
}

const read = async <Answer>(url: string): Promise<Answer> => (await (await fetch(url)).json()) as Answer;
const samplesOf = async (url: string) =>
  (await read<{ samples: Sample[] }>(`${url}/v1/jobs/7/metrics?limit=1000`)).samples;

const batchesIn = (spool: string) => readdirSync(spool).filter((name) => name.endsWith('.batch')).length;

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error('It did not happen within 30 s.');
    await Bun.sleep(100);
  }
}

/** CPU usage needs a second between two readings, also on a busy machine. */
const INTERVAL_MS = 2000;

test('samples that were read while the service was away arrive, also if the agent is killed meanwhile', async () => {
  using folder = temporaryFolder();
  const [root, spool] = [folder.file('root'), folder.file('spool')];
  const node = nodeWithJob(root);
  let cpuSeconds = 0;
  node.useCpu(0);
  const burning = setInterval(() => {
    cpuSeconds += 0.2;
    node.useCpu(cpuSeconds);
  }, 100);
  const [port] = await freePorts(1);
  const args = ['--host', '127.0.0.1', '--listen', `127.0.0.1:${port}`];
  const url = `http://127.0.0.1:${port}`;
  mkdirSync(folder.file('data'));
  const first = await serve({ folder: folder.file('data'), args });
  await createJob(url);
  const start = () => startAgent(root, url, spool, `${INTERVAL_MS}ms`);
  let agent = await start();
  try {
    await until(async () => (await samplesOf(url)).length >= 2);
    await first.stop();
    await until(() => batchesIn(spool) >= 3);
    agent.kill('SIGKILL');
    const killedMs = performance.now();
    await agent.exited;
    const waiting = batchesIn(spool);
    agent = await start();
    await until(() => batchesIn(spool) > waiting);
    const downMs = performance.now() - killedMs;
    await until(() => batchesIn(spool) > waiting + 4);
    const before = batchesIn(spool);
    await using _ = await serve({ folder: folder.file('data'), args });
    await until(() => batchesIn(spool) === 0);
    const samples = await samplesOf(url);
    // The first reading of a job has no CPU usage, and is no sample.
    expect(samples.length).toBeGreaterThanOrEqual(before - 1);
    const times = samples.map(({ timestamp }) => Date.parse(timestamp));
    expect(new Set(times).size).toBe(times.length);
    // No round is missing but those without an agent.
    const gaps = times.slice(1).map((timeMs, place) => timeMs - times[place]!);
    expect(gaps.filter((gap) => gap > 1.8 * INTERVAL_MS).length).toBeLessThanOrEqual(1);
    expect(Math.max(...gaps)).toBeLessThan(downMs + 2 * INTERVAL_MS);
    // What was measured further arrived, too.
    const wide = await read<{ samples: Record<string, number>[] }>(
      `${url}/v1/jobs/7/metrics?limit=1000&fields=cpu_seconds,memory_current_bytes`,
    );
    const counted = wide.samples.map(({ cpu_seconds }) => cpu_seconds!);
    expect(counted).toEqual(counted.toSorted((one, other) => one - other));
    expect(counted.at(-1)).toBeGreaterThan(2);
    expect(wide.samples.every(({ memory_current_bytes }) => memory_current_bytes === 2_097_152)).toBe(true);
    expect(samples.every(({ memory_usage_mb }) => memory_usage_mb === 2)).toBe(true);
    const job = await read<{ cpu_usage: number }>(`${url}/v1/jobs/7`);
    // 2 of 4 CPUs.
    expect(job.cpu_usage).toBeGreaterThan(30);
    expect(job.cpu_usage).toBeLessThan(70);
  } finally {
    clearInterval(burning);
    agent.kill('SIGKILL');
    await agent.exited;
  }
}, 120_000);

test('a job of four seconds between two rounds has samples of its own', async () => {
  using folder = temporaryFolder();
  const root = folder.file('root');
  nodeWithJob(root).useCpu(0);
  rmSync(`${root}${JOB}`, { recursive: true });
  mkdirSync(folder.file('data'));
  await using server = await serve({ folder: folder.file('data') });
  await createJob(server.url);
  const agent = await startAgent(root, server.url, folder.file('spool'), '1h');
  try {
    await until(() => existsSync(folder.file('spool')));
    await Bun.sleep(1000);
    const node = nodeWithJob(root);
    for (let seconds = 0; seconds < 4; seconds += 0.1) {
      node.useCpu(seconds * 4);
      await Bun.sleep(100);
    }
    rmSync(`${root}${JOB}`, { recursive: true });
    await until(async () => (await samplesOf(server.url)).length >= 2);
    const job = await read<{ cpu_usage: number }>(`${server.url}/v1/jobs/7`);
    expect(job.cpu_usage).toBeGreaterThan(70);
  } finally {
    agent.kill('SIGKILL');
    await agent.exited;
  }
}, 120_000);

const GPU = 'GPU-11111111-aaaa-bbbb-cccc-000000000001';

/** Gives the job a GPU, and the node an nvidia-smi that writes down each query. */
function giveGpu(folder: string) {
  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(`${folder}${path}`), { recursive: true });
    writeFileSync(`${folder}${path}`, text, { mode });
  };
  write('/proc/driver/nvidia/gpus/0000:1a:00.0/information', `GPU UUID: \t ${GPU}\nDevice Minor: \t 0\n`);
  const event = ['hpc-observe hook 1', 'SLURM_JOB_ID=7', 'SLURM_JOB_GPUS=0', 'end', ''];
  write('/var/spool/hpc-observe/held/7-n1.event', event.join('\0'));
  const calls = `${folder}/calls`;
  const help = resolve('test/fixtures/gpu/nvidia-help.txt');
  const row = `${GPU}, 00000000:1A:00.0, NVIDIA H100, Disabled, 87, 40536, 81920, 312.41, 61, 0x0`;
  const script = `case $1 in --help-query-gpu) /bin/cat '${help}' ;; *) echo >>'${calls}'; echo '${row}' ;; esac`;
  write('/usr/bin/nvidia-smi', `#!/bin/sh\n${script}\n`, 0o755);
  return { queries: () => (existsSync(calls) ? readFileSync(calls).length : 0) };
}

test('a job of five seconds between two rounds has the values of its GPU, by one more query of nvidia-smi', async () => {
  using folder = temporaryFolder();
  const root = folder.file('root');
  nodeWithJob(root).useCpu(0);
  rmSync(`${root}${JOB}`, { recursive: true });
  const gpu = giveGpu(root);
  await using server = await serve();
  await createJob(server.url);
  const agent = await startAgent(root, server.url, folder.file('spool'), '1h');
  try {
    await until(() => gpu.queries() === 1);
    await Bun.sleep(1000);
    const node = nodeWithJob(root);
    for (let seconds = 0; seconds < 5; seconds += 0.1) {
      node.useCpu(seconds);
      await Bun.sleep(100);
    }
    rmSync(`${root}${JOB}`, { recursive: true });
    await until(async () => (await samplesOf(server.url)).length >= 3);
    const job = await read<{ cpu_usage: number; gpu_usage: number }>(`${server.url}/v1/jobs/7`);
    expect(job.gpu_usage).toBe(87);
    expect(job.cpu_usage).toBeGreaterThan(15);
    const { samples } = await read<{ samples: Record<string, number>[] }>(
      `${server.url}/v1/jobs/7/metrics?fields=gpu_held_seconds,gpu_idle_seconds`,
    );
    expect(samples.at(-1)?.gpu_held_seconds).toBeGreaterThan(1);
    expect(samples.at(-1)?.gpu_idle_seconds).toBe(0);
    expect(gpu.queries()).toBe(2);
  } finally {
    agent.kill('SIGKILL');
    await agent.exited;
  }
}, 120_000);

test('counters go on where an agent that was killed had them, also if Slurm made the directory again', async () => {
  using folder = temporaryFolder();
  const [root, spool] = [folder.file('root'), folder.file('spool')];
  let node = nodeWithJob(root);
  mkdirSync(`${root}/proc/sys/kernel/random`, { recursive: true });
  writeFileSync(`${root}/proc/sys/kernel/random/boot_id`, '9d2f\n');
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const counted = () => {
    try {
      const { ledger } = JSON.parse(readFileSync(`${spool}/counters.json`, 'utf8'));
      return ledger.meter['7'].totals.cpu_seconds as number;
    } catch {
      return 0;
    }
  };
  node.useCpu(100);
  let agent = await startAgent(root, url, spool);
  try {
    await until(() => counted() === 100);
    node.useCpu(103);
    await until(() => counted() === 103);
    agent.kill('SIGKILL');
    await agent.exited;
    rmSync(`${root}${JOB}`, { recursive: true });
    node = nodeWithJob(root);
    node.useCpu(40);
    const seen: number[] = [];
    agent = await startAgent(root, url, spool);
    await until(() => {
      seen.push(counted());
      return counted() === 143;
    });
    expect(seen.filter((one) => one !== 103 && one !== 143)).toEqual([]);
  } finally {
    agent.kill('SIGKILL');
    await agent.exited;
  }
}, 120_000);

test('agent --once prints what it found on the node, and needs no service', async () => {
  using folder = temporaryFolder();
  nodeWithJob(folder.path).useCpu(3);
  const [port] = await freePorts(1);
  const { exitCode, stdout } = await runExecutable(
    ['agent', '--once', '--root', folder.path, '--node', 'n1', '--server', `http://127.0.0.1:${port}`],
    { folder: folder.path },
  );
  expect(exitCode).toBe(0);
  expect(stdout).toStartWith('Node n1: 1 job\n\n  job 7: cpu 0 %, memory 2 MB\n');
  expect(stdout).toContain('cpu_seconds                3\n');
  expect(stdout).toEndWith(`
Settings (the others have their defaults):
  server = "http://127.0.0.1:${port}"  (--server)
  node = "n1"  (--node)

Service:
  No service answers at http://127.0.0.1:${port}. Check the address in --server or HPC_OBSERVE_SERVER, and whether the service runs there.
`);
});

test('agent --explain says whether the service takes samples from here, and why not', async () => {
  using folder = temporaryFolder();
  nodeWithJob(folder.file('root')).useCpu(3);
  await using server = await serve();
  const explain = async (...args: string[]) => {
    const command = ['agent', '--explain', '--root', folder.file('root'), '--server', server.url, ...args];
    const { exitCode, stdout } = await runExecutable(command, { folder: folder.path });
    return [exitCode, stdout.slice(stdout.indexOf('Service:\n')).split('\n')[1]];
  };
  // The kernel of this machine knows the user of the connection.
  const [exitCode, known] = await explain();
  expect(exitCode).toBe(0);
  expect(known).toStartWith(`  ${server.url} takes samples from here, as `);
  writeFileSync(folder.file('token'), `hpo_${'a'.repeat(43)}\n`, { mode: 0o600 });
  const [, refused] = await explain('--token-file', folder.file('token'));
  expect(refused).toContain('token');
  expect(refused).not.toContain('takes samples from here, as');
});

test('the page of a node shows its jobs without any service, and then nothing is sent or written', async () => {
  using folder = temporaryFolder();
  const [root, spool] = [folder.file('root'), folder.file('spool')];
  const node = nodeWithJob(root);
  node.useCpu(12.5);
  const [port] = await freePorts(1);
  const page = `http://127.0.0.1:${port}`;
  const args = ['--agent-listen', `:${port}`, '--root', root, '--node', 'n1', '--interval', '1s'];
  const agent = Bun.spawn([EXECUTABLE, 'agent', ...args, '--agent-spool', spool], {
    stdout: 'ignore',
    stderr: 'ignore',
    env: { PATH: '/nowhere' },
  });
  try {
    let text = '';
    await until(async () => {
      text = await fetch(`${page}/metrics`)
        .then((answer) => answer.text())
        .catch(() => '');
      return text.includes('hpc_node_jobs{node="n1"} 1\n');
    });
    expect(text).toContain('hpc_job_cpu_seconds_total{job_id="7",node="n1"} 12.5\n');
    expect(text).toContain('hpc_job_memory_rss_bytes{job_id="7",node="n1"} 1048576\n');
    expect(text).toContain('hpc_agent_collector_success{node="n1",collector="cpu"} 1\n');
    expect(text).not.toContain('hpc_agent_batches');
    expect((await fetch(`${page}/v1/jobs`)).status).toBe(404);
    expect(existsSync(spool)).toBe(false);
    agent.kill('SIGTERM');
    expect(await agent.exited).toBe(0);
  } finally {
    agent.kill('SIGKILL');
    await agent.exited;
  }
}, 60_000);

test('/metrics of the service has the node that an agent reports, and the measures of its job', async () => {
  using folder = temporaryFolder();
  const [root, spool] = [folder.file('root'), folder.file('spool')];
  const node = nodeWithJob(root);
  let cpuSeconds = 0;
  node.useCpu(0);
  const burning = setInterval(() => {
    cpuSeconds += 0.2;
    node.useCpu(cpuSeconds);
  }, 100);
  await using server = await serve();
  await createJob(server.url);
  const [port] = await freePorts(1);
  const agent = Bun.spawn(
    [
      ...[EXECUTABLE, 'agent', '--server', server.url, '--agent-listen', `:${port}`, '--root', root],
      ...['--node', 'n1', '--interval', '1s', '--agent-spool', spool],
    ],
    { stdout: 'ignore', stderr: 'ignore', env: { PATH: '/nowhere' } },
  );
  const metricsOf = async (url: string) => (await fetch(`${url}/metrics`)).text();
  try {
    await until(async () => (await metricsOf(server.url)).includes('hpc_job_cpu_seconds_total{'));
    const text = await metricsOf(server.url);
    expect(text).toContain('hpc_node_jobs{node="n1"} 1\n');
    expect(text).toMatch(/^hpc_agent_info\{node="n1",version="[^"]+"\} 1$/m);
    const difference = /^hpc_agent_clock_difference_seconds\{node="n1"\} (\S+)$/m.exec(text)?.[1];
    expect(Number(difference)).toBeWithin(0, 30);
    expect(text).toContain('hpc_job_memory_rss_bytes{job_id="7",node="n1",user="alice"} 1048576\n');
    expect(text).toContain('hpc_observe_metrics_group_failures_total{group="nodes"} 0\n');
    expect(await metricsOf(`http://127.0.0.1:${port}`)).toMatch(/^hpc_agent_batches_sent_total [1-9]/m);
    const summary = await read<{ cpu_seconds: number }>(`${server.url}/v1/jobs/7/summary`);
    expect(summary.cpu_seconds).toBeGreaterThan(0);
  } finally {
    clearInterval(burning);
    agent.kill('SIGKILL');
    await agent.exited;
  }
}, 60_000);
