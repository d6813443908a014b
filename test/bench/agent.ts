import { readFileSync } from 'node:fs';
import { EXECUTABLE, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { processorSeconds } from './access.ts';
import { NODE, writeNode } from './data/node-tree.ts';
import { isAtMost, type Row } from './row.ts';
import { residentBytes } from './start.ts';

const UNIT = 'deploy/hpc-observe-agent.service';
/** The default of --interval. */
const INTERVAL_SECONDS = 15;
/** The agent loads its code, and the service knows its jobs. */
const WARM_SECONDS = 8;
const MAX_PERCENT = 0.5;
const MAX_MB = 70;

interface AgentSize {
  readonly jobs: number;
  readonly gpus: number;
  /** Rounds of one second. */
  readonly rounds: number;
}

/**
 * Measures what the agent costs a node: the processor time of a round, from many of one second each, and that
 * of the time between, from an agent whose rounds are an hour apart. Programs that it starts are not in it.
 */
export async function measureAgent(size: AgentSize): Promise<Row[]> {
  using folder = temporaryFolder();
  const ids = writeNode(folder.file('root'), size);
  await using server = await serve();
  await Promise.all(ids.map((id) => createJob(server.url, id)));
  const run = (interval: string, name: string) =>
    runAgent(
      ['--root', folder.file('root'), '--agent-spool', folder.file(name)],
      server.url,
      interval,
      size.rounds,
    );
  const resting = await run('1h', 'resting');
  const busy = await run('1s', 'busy');
  const roundMs = ((busy.cpuSeconds - resting.cpuSeconds) * 1000) / size.rounds;
  const restPercent = (100 * resting.cpuSeconds) / size.rounds;
  const percent = restPercent + roundMs / INTERVAL_SECONDS / 10;
  const what = `agent, ${size.jobs} jobs and ${size.gpus} GPUs on the node`;
  return [
    {
      what: `${what}, one core, ${INTERVAL_SECONDS} s`,
      floor: '',
      ours: `${roundMs.toFixed(1)} ms a round, ${restPercent.toFixed(2)} % between`,
      figure: `${percent.toFixed(2)} %`,
      budget: `at most ${MAX_PERCENT} %`,
      isHeld: isAtMost(percent, MAX_PERCENT),
    },
    {
      what: `${what}, resident after ${size.rounds} rounds`,
      floor: '',
      ours: `${busy.megabytes.toFixed(0)} MB`,
      figure: '',
      budget: `at most ${MAX_MB} MB`,
      isHeld: isAtMost(busy.megabytes, MAX_MB),
    },
  ];
}

async function createJob(url: string, id: string): Promise<void> {
  const { ok, status } = await fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, user: 'alice', nodes: [NODE] }),
  });
  if (!ok) throw new Error(`The job ${id} was answered ${status}.`);
}

/** As the unit starts it. */
function environment(): Record<string, string> {
  const lines = readFileSync(UNIT, 'utf8').matchAll(/^Environment=(\w+)=(.*)$/gm);
  return { PATH: '/nowhere', ...Object.fromEntries([...lines].map(([, name, value]) => [name!, value!])) };
}

async function runAgent(args: readonly string[], url: string, interval: string, seconds: number) {
  const command = [EXECUTABLE, 'agent', '--server', url, '--node', NODE, '--interval', interval, ...args];
  const agent = Bun.spawn(command, { env: environment(), stdout: 'ignore', stderr: 'inherit' });
  try {
    await Bun.sleep(WARM_SECONDS * 1000);
    const before = processorSeconds(agent.pid);
    await Bun.sleep(seconds * 1000);
    const cpuSeconds = processorSeconds(agent.pid) - before;
    return { cpuSeconds, megabytes: residentBytes(agent.pid) / 1e6 };
  } finally {
    agent.kill();
    await agent.exited;
  }
}
