import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import type { Cluster } from './cluster.ts';
import { REPEATED } from './records.ts';
import { isSince, type Release } from './release.ts';

const WAIT_MS = 200_000;
/** For jobs that must not lose their node. */
const SAFE = '--exclude=node03';
/** How runs of the scenario end. */
export const ENDS = ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMEOUT', 'NODE_FAIL', 'REQUEUED'];
/** The node that is killed. */
const LOST_NODE = 'node03';

/** Waits until squeue shows the job in this state. */
async function waitFor({ run }: Cluster, id: string, state: string): Promise<void> {
  let seen = '';
  const ask = ['squeue', '--noheader', '--states=all', `--jobs=${id}`, '--format=%T %j, %r'];
  await until(
    () => `job ${id} to be ${state}: it is ${seen}`,
    async () => {
      seen = await run(...ask);
      return seen.startsWith(`${state} `);
    },
  );
}

/** Lines of slurm.conf that enable everything the scenario uses. */
export const scenarioSettings = (release: Release): string[] => [
  'ScronParameters=enable',
  // Before 26.05 a scrontab job is requeued and held if a
  // busy machine takes long to read the user's environment.
  ...(isSince(release, '26.05') ? ['SlurmctldParameters=enable_expedited_requeue'] : ['GetEnvTimeout=60']),
];

/**
 * Runs jobs with every possible end at the same time; resolves when all have ended and the cluster is
 * complete again.
 */
export async function runScenario(cluster: Cluster): Promise<void> {
  const { run, submit, release } = cluster;
  const reach = (id: string, state: string) => waitFor(cluster, id, state);

  async function end(): Promise<void> {
    const output = cluster.file('output');
    mkdirSync(output);
    chmodSync(output, 0o777);
    await Promise.all([
      submit('games', 'sleep 1\nsleep 1', SAFE, '--job-name=success'),
      submit('daemon', 'sleep 1; exit 3', SAFE, '--job-name=failure', '--partition=short'),
      submit('games', 'kill -9 $$', SAFE, '--job-name=signal'),
      submit('daemon', 'true', SAFE, '--job-name=odd | name, é; $x', '--time=5', '--cpus-per-task=3'),
      submit(
        'games',
        'head -c 200m /dev/zero | tail -c 150m | sleep 30',
        SAFE,
        '--job-name=memory',
        '--mem=20',
      ),
      submit('daemon', 'sleep 1', SAFE, '--job-name=array', '--array=0-19'),
      submit('games', 'srun hostname; sleep 1', '--job-name=three', '--nodes=3', '--mem=100'),
      submit('daemon', 'sleep 2', SAFE, '--job-name=heterogeneous', '--ntasks=1', ':', SAFE, '--ntasks=2'),
      submit('games', 'sleep 600', SAFE, '--job-name=limit', '--time=1'),
      submit('daemon', 'sleep 1', SAFE, '--job-name=(null)'),
      submit('games', 'sleep 1', SAFE, '--job-name=output', `--output=${output}/o|y-%j`),
    ]);
  }
  async function cancel(): Promise<void> {
    const waiting = await submit('games', 'true', '--job-name=never', '--begin=now+1hour');
    const held = await submit('daemon', 'true', '--job-name=held', '--hold');
    const running = await submit('games', 'sleep 600', SAFE, '--job-name=cancelled');
    await run('scancel', waiting);
    await reach(running, 'RUNNING');
    await Bun.sleep(1500);
    await run('scancel', running, held);
  }
  async function requeue(): Promise<void> {
    const id = await submit('games', 'sleep 6', SAFE, '--job-name=requeued', '--requeue');
    await reach(id, 'RUNNING');
    await Bun.sleep(2000);
    await run('scontrol', 'requeue', id);
    await reach(id, 'COMPLETED');
  }
  async function hold(): Promise<void> {
    const id = await submit('daemon', 'sleep 1', SAFE, '--job-name=released', '--hold');
    await Bun.sleep(4000);
    await run('scontrol', 'release', id);
    await reach(id, 'COMPLETED');
  }
  async function loseNode(): Promise<void> {
    const there = `--nodelist=${LOST_NODE}`;
    const ends = await submit('games', 'sleep 600', there, '--job-name=lost', '--no-requeue');
    const comesBack = await submit('daemon', 'sleep 15', there, '--job-name=moved', '--requeue');
    const expedited = isSince(release, '26.05')
      ? await submit('games', 'sleep 15', there, '--job-name=expedited', '--requeue=expedite')
      : comesBack;
    await Promise.all([ends, comesBack, expedited].map((id) => reach(id, 'RUNNING')));
    // Until the job on three nodes has ended.
    await Bun.sleep(8000);
    await cluster.killNode(LOST_NODE);
    await reach(ends, 'NODE_FAIL');
    await cluster.startNode(LOST_NODE);
    await reach(comesBack, 'COMPLETED');
    // Its node may mistake the new run for the lost one and kill it.
    await until(
      'the expedited job to end',
      async () => (await run('squeue', '--noheader', `--jobs=${expedited}`)) === '',
    );
  }
  async function shrink(): Promise<void> {
    const id = await submit('games', 'sleep 15', SAFE, '--job-name=resized', '--nodes=2');
    await reach(id, 'RUNNING');
    await Bun.sleep(4000);
    await run('scontrol', 'update', `jobid=${id}`, 'numnodes=1');
    await reach(id, 'COMPLETED');
  }
  async function suspend(): Promise<void> {
    const id = await submit('daemon', 'sleep 8', SAFE, '--job-name=suspended');
    await reach(id, 'RUNNING');
    await Bun.sleep(2000);
    await run('scontrol', 'suspend', id);
    await Bun.sleep(5000);
    await run('scontrol', 'resume', id);
    await reach(id, 'COMPLETED');
  }
  /** Runs a scrontab job each minute until it is removed. */
  async function repeat(): Promise<void> {
    const table = cluster.file('scrontab');
    writeFileSync(
      table,
      `#SCRON --chdir=/ --output=/dev/null --job-name=${REPEATED} ${SAFE}\n* * * * * sleep 2\n`,
    );
    // As root, because Slurm reads the environment from a login shell, which the other users do not have.
    await run('scrontab', table);
    const restarts = ['squeue', '--noheader', `--name=${REPEATED}`, '--Format=RestartCnt'];
    await until('a job of scrontab to have run', async () => Number(await run(...restarts)) > 0);
    await run('scrontab', '-r');
  }

  await Promise.all([
    ...[end(), cancel(), requeue(), hold(), loseNode(), shrink(), suspend()],
    ...(isSince(release, '24.11') ? [repeat()] : []),
  ]);
  await until('the queue to be empty', async () => (await run('squeue', '--noheader')) === '');
}

/** Requeues jobs in every possible way; resolves when all have ended. */
export async function runRequeues(cluster: Cluster): Promise<void> {
  const { run, submit } = cluster;
  const reach = (id: string, state: string) => waitFor(cluster, id, state);

  async function often(): Promise<void> {
    const id = await submit('games', 'sleep 6', SAFE, '--job-name=often', '--requeue');
    for (let count = 0; count < 4; count++) {
      await reach(id, 'RUNNING');
      await Bun.sleep(1500);
      await run('scontrol', 'requeue', id);
      await until(`job ${id} to wait`, async () => {
        return (await run('squeue', '--noheader', `--jobs=${id}`, '--format=%T')) !== 'RUNNING';
      });
    }
    await reach(id, 'COMPLETED');
  }
  async function held(): Promise<void> {
    const id = await submit('daemon', 'sleep 4', SAFE, '--job-name=requeuehold', '--requeue');
    await reach(id, 'RUNNING');
    await Bun.sleep(1500);
    await run('scontrol', 'requeuehold', id);
    await Bun.sleep(8000);
    await run('scontrol', 'release', id);
    await reach(id, 'COMPLETED');
  }
  async function again(): Promise<void> {
    const id = await submit('games', 'exit 3', SAFE, '--job-name=again', '--requeue');
    await reach(id, 'FAILED');
    await Bun.sleep(3000);
    await run('scontrol', 'requeue', id);
    await reach(id, 'FAILED');
  }
  async function cancelled(): Promise<void> {
    const id = await submit('daemon', 'sleep 600', SAFE, '--job-name=requeued and cancelled', '--requeue');
    await reach(id, 'RUNNING');
    await Bun.sleep(2500);
    await run('scontrol', 'requeue', id);
    await Bun.sleep(4000);
    await run('scancel', id);
  }

  // Before 26.05, accounting loses the end of a job that is requeued after it.
  const all = [often(), held(), cancelled(), ...(isSince(cluster.release, '26.05') ? [again()] : [])];
  await Promise.all(all);
  await until('the queue to be empty', async () => (await run('squeue', '--noheader')) === '');
}

/** Waits until a condition is met; rejects after 200 s. */
export async function until(what: string | (() => string), isTrue: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + WAIT_MS; Date.now() < endMs; await Bun.sleep(300)) {
    if (await isTrue()) return;
  }
  throw new Error(`Waited in vain for ${typeof what === 'string' ? what : what()}.`);
}
