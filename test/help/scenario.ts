import type { Cluster } from './cluster.ts';

const WAIT_MS = 200_000;
/** Where jobs do not lose their node. */
const SAFE = '--exclude=node03';
/** Where they do. */
const LOST_NODE = 'node03';

/** Every fate that a job can have, all at once; resolves when all have ended and the cluster is whole again. */
export async function runScenario(cluster: Cluster): Promise<void> {
  const { run, submit } = cluster;

  const stateOf = (id: string) => run('squeue', '--noheader', '--states=all', `--jobs=${id}`, '--format=%T');
  const waitFor = (id: string, state: string) =>
    until(`job ${id} to be ${state}`, async () => (await stateOf(id)) === state);

  async function end(): Promise<void> {
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
      submit('games', 'srun hostname; sleep 1', '--job-name=three', '--nodes=3'),
      submit('daemon', 'sleep 2', SAFE, '--job-name=heterogeneous', '--ntasks=1', ':', SAFE, '--ntasks=2'),
      submit('games', 'sleep 600', SAFE, '--job-name=limit', '--time=1'),
    ]);
  }
  async function cancel(): Promise<void> {
    const waiting = await submit('games', 'true', '--job-name=never', '--begin=now+1hour');
    const held = await submit('daemon', 'true', '--job-name=held', '--hold');
    const running = await submit('games', 'sleep 600', SAFE, '--job-name=cancelled');
    await run('scancel', waiting);
    await waitFor(running, 'RUNNING');
    await Bun.sleep(1500);
    await run('scancel', running, held);
  }
  async function requeue(): Promise<void> {
    const id = await submit('games', 'sleep 6', SAFE, '--job-name=requeued', '--requeue');
    await waitFor(id, 'RUNNING');
    await Bun.sleep(2000);
    await run('scontrol', 'requeue', id);
    await waitFor(id, 'COMPLETED');
  }
  async function hold(): Promise<void> {
    const id = await submit('daemon', 'sleep 1', SAFE, '--job-name=released', '--hold');
    await Bun.sleep(4000);
    await run('scontrol', 'release', id);
    await waitFor(id, 'COMPLETED');
  }
  async function loseNode(): Promise<void> {
    const there = `--nodelist=${LOST_NODE}`;
    const ends = await submit('games', 'sleep 600', there, '--job-name=lost', '--no-requeue');
    const comesBack = await submit('daemon', 'sleep 15', there, '--job-name=moved', '--requeue');
    await Promise.all([ends, comesBack].map((id) => waitFor(id, 'RUNNING')));
    // The job of three nodes, which is not to lose one.
    await Bun.sleep(8000);
    await cluster.killNode(LOST_NODE);
    await waitFor(ends, 'NODE_FAIL');
    await cluster.startNode(LOST_NODE);
    await waitFor(comesBack, 'COMPLETED');
  }

  await Promise.all([end(), cancel(), requeue(), hold(), loseNode()]);
  await until('the queue to be empty', async () => (await run('squeue', '--noheader')) === '');
}

/** Waits until it is so; an error when that takes minutes. */
export async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + WAIT_MS; Date.now() < endMs; await Bun.sleep(300)) {
    if (await isTrue()) return;
  }
  throw new Error(`Waited in vain for ${what}.`);
}
