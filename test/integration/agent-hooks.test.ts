import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { renderHook } from '../../src/slurm/hooks/scripts.ts';
import { EXECUTABLE, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { freePorts } from '../help/port.ts';

/** The hooks of a node as slurmd runs them, and the agent of that node. */
function nodeWithHooks(root: string, agentSpool: string, url: string) {
  const spool = `${root}/var/spool/hpc-observe`;
  mkdirSync(spool, { recursive: true });
  mkdirSync(`${root}/proc/self`, { recursive: true });
  writeFileSync(`${root}/proc/self/mountinfo`, '');
  for (const kind of ['prolog_slurmd', 'epilog_slurmd'] as const)
    writeFileSync(`${root}/${kind}`, renderHook(kind, spool), { mode: 0o755 });
  const names = (folder: string) => (existsSync(folder) ? readdirSync(folder).sort() : []);
  return {
    spool,
    /** Files that the agent has not forwarded. */
    waiting: () => names(spool).filter((name) => name.endsWith('.event')),
    held: () => names(`${spool}/held`),
    bad: () => names(`${spool}/bad`),
    async runHook(kind: 'prolog_slurmd' | 'epilog_slurmd', jobId: number) {
      const hook = Bun.spawn([`${root}/${kind}`], {
        env: {
          SLURM_SCRIPT_CONTEXT: kind,
          SLURM_JOB_ID: String(jobId),
          SLURM_JOB_USER: 'alice',
          SLURM_JOB_NODELIST: 'n[1-2]',
          SLURM_JOB_RESTART_COUNT: '0',
          SLURM_JOB_START_TIME: String(Math.floor(Date.now() / 1000)),
          SLURMD_NODENAME: 'n1',
          SLURM_JOB_GPUS: '0,1',
          SLURM_JOB_NAME: 'train',
        },
      });
      expect(await hook.exited).toBe(0);
    },
    startAgent: () =>
      Bun.spawn(
        [
          ...[EXECUTABLE, 'agent', '--server', url, '--root', root, '--node', 'n1', '--interval', '1h'],
          ...['--agent-spool', agentSpool],
        ],
        { stdout: 'ignore', stderr: Bun.file(`${agentSpool}.log`), env: { PATH: '/nowhere' } },
      ),
    log: () => readFileSync(`${agentSpool}.log`, 'utf8'),
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error('It did not happen within 30 s.');
    await Bun.sleep(50);
  }
}

interface Job {
  readonly user: string;
  readonly nodes: readonly string[];
  readonly allocations: readonly object[];
}
const jobOf = async (url: string, id: number) => {
  const answer = await fetch(`${url}/v1/jobs/${id}`);
  return answer.ok ? ((await answer.json()) as Job) : undefined;
};

test('events of hooks on a node reach the service through its agent, also those of an outage', async () => {
  using folder = temporaryFolder();
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const args = ['--host', '127.0.0.1', '--listen', `127.0.0.1:${port}`];
  mkdirSync(folder.file('data'));
  const node = nodeWithHooks(folder.file('root'), folder.file('agent'), url);
  const first = await serve({ folder: folder.file('data'), args });
  const agent = node.startAgent();
  try {
    await node.runHook('prolog_slurmd', 7);
    await until(async () => (await jobOf(url, 7)) !== undefined);
    expect(await jobOf(url, 7)).toMatchObject({
      user: 'alice',
      nodes: ['n1', 'n2'],
      allocations: [{ node: 'n1', gpu_ids: ['0', '1'] }],
    });
    await until(() => node.waiting().length === 0);
    // The agent reads here which GPUs the job holds, until Epilog removes it.
    expect(node.held()).toEqual(['7-n1.event']);

    await first.stop();
    await node.runHook('epilog_slurmd', 7);
    for (const id of [8, 9]) await node.runHook('prolog_slurmd', id);
    await Bun.sleep(1500);
    expect(node.waiting()).toHaveLength(3);
    writeFileSync(`${node.spool}/${node.waiting()[0]!.replace('-7-', '-x-')}`, 'no event');
    await using _ = await serve({ folder: folder.file('data'), args });
    await until(() => node.waiting().length === 0);
    expect(await jobOf(url, 8)).toMatchObject({ user: 'alice' });
    expect(await jobOf(url, 9)).toMatchObject({ user: 'alice' });
    expect(node.held()).toEqual(['8-n1.event', '9-n1.event']);
    expect(node.bad()).toHaveLength(1);
    expect(node.log()).toContain('slurm_event_invalid');
  } finally {
    agent.kill('SIGKILL');
    await agent.exited;
  }
}, 120_000);

test('an event that the service refuses for ever goes aside, and the next one is forwarded', async () => {
  using folder = temporaryFolder();
  mkdirSync(folder.file('data'));
  await using server = await serve({ folder: folder.file('data') });
  const node = nodeWithHooks(folder.file('root'), folder.file('agent'), server.url);
  await node.runHook('prolog_slurmd', 7);
  const [name] = node.waiting() as [string];
  // Its clock was an hour ahead.
  const seconds = Number(name.slice(0, 10));
  writeFileSync(
    `${node.spool}/${name.replace(`${seconds}`, `${seconds + 3600}`)}`,
    readFileSync(`${node.spool}/${name}`),
  );
  const agent = node.startAgent();
  try {
    await until(() => node.bad().length === 1 && node.waiting().length === 0);
    expect(await jobOf(server.url, 7)).toMatchObject({ user: 'alice' });
    expect(node.log()).toContain('more than 10 minutes in the future');
    process.kill(agent.pid, 'SIGHUP');
    await node.runHook('prolog_slurmd', 8);
    await until(async () => (await jobOf(server.url, 8)) !== undefined);
    process.kill(agent.pid, 'SIGTERM');
    expect(await agent.exited).toBe(0);
  } finally {
    agent.kill('SIGKILL');
    await agent.exited;
  }
}, 120_000);
