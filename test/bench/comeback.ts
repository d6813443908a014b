import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Client } from '../../src/client/client.ts';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { freePorts } from '../help/port.ts';
import { grouped, isAtMost, type Row } from './row.ts';

/** Jobs on each node. */
const JOBS = 3;
/** Two intervals of 15 s. */
const WITHIN_SECONDS = 30;
/** Jobs of one request that creates them. */
const BATCH_JOBS = 10_000;
/** How often health is asked for. */
const PROBE_MS = 50;

/** What a process with senders tells of each of its two rounds. */
export interface Acknowledged {
  /** When each sender's batch was acknowledged, in milliseconds since 1970. */
  readonly timesMs: readonly number[];
  /** Tries that failed, and were repeated. */
  readonly failures: number;
}

/**
 * Measures how long it takes until all agents of a large cluster were answered: after an outage, in which
 * their waits have grown, and after a round that all read at the same moment. They are the senders of real
 * agents, in `processes` processes, with a connection of its own for each request.
 */
export async function measureComeback(options: {
  senders: number;
  processes: number;
  outageSeconds: number;
}): Promise<Row[]> {
  const { senders, processes, outageSeconds } = options;
  using folder = temporaryFolder();
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const start = () => serve({ folder: folder.path, args: ['--listen', `127.0.0.1:${port}`] });
  const first = await start();
  await createJobs(url, senders);
  const { secret } = await new Client({ url }).createToken({ name: 'agents', role: 'ingest' });
  await first.stop();
  const children = Array.from({ length: processes }, (_, number) =>
    startSenders([url, secret], (number * senders) / processes, ((number + 1) * senders) / processes),
  );
  try {
    await Promise.all(children.map((child) => child.ready));
    await Bun.sleep(outageSeconds * 1000);
    await using server = await start();
    const outage = await observe(server, children, 'come');
    console.error(`comeback: all answered ${outage.seconds.toFixed(1)} s after the outage`);
    const round = await observe(server, children, 'again');
    const what = `${grouped(senders)} agents, each with a batch of ${JOBS} jobs and 12 measures`;
    return [
      rowOf(`${what}, back after an outage`, senders, outage),
      rowOf(`${what}, after a round`, senders, round),
    ];
  } finally {
    for (const { child } of children) child.kill('SIGKILL');
  }
}

export const jobName = (sender: number, job: number): string => `job-${sender}-${job}`;

async function createJobs(url: string, senders: number): Promise<void> {
  const jobs = Array.from({ length: senders * JOBS }, (_, number) => {
    const sender = Math.floor(number / JOBS);
    return { id: jobName(sender, number % JOBS), user: 'alice', nodes: [`n${sender}`] };
  });
  for (let from = 0; from < jobs.length; from += BATCH_JOBS) {
    const answer = await fetch(`${url}/v1/jobs/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jobs: jobs.slice(from, from + BATCH_JOBS) }),
    });
    if (!answer.ok) throw new Error(`Jobs were answered ${answer.status}.`);
  }
}

type Children = readonly ReturnType<typeof startSenders>[];

function startSenders(service: readonly [url: string, token: string], from: number, to: number) {
  const ready = Promise.withResolvers<void>();
  const rounds: ((round: Acknowledged) => void)[] = [];
  const child = Bun.spawn(
    [
      process.execPath,
      resolve(import.meta.dir, 'comeback-senders.ts'),
      ...service,
      `${from}`,
      `${to}`,
      `${JOBS}`,
    ],
    {
      stdout: 'ignore',
      stderr: 'inherit',
      // Bun sends 256 requests at once otherwise.
      env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: '65336' },
      ipc(message: Acknowledged | 'ready') {
        if (message === 'ready') ready.resolve();
        else rounds.shift()!(message);
      },
    },
  );
  return {
    child,
    ready: ready.promise,
    /** Resolves when all batches of a round were acknowledged. */
    round(name: 'come' | 'again'): Promise<Acknowledged> {
      const { promise, resolve } = Promise.withResolvers<Acknowledged>();
      rounds.push(resolve);
      child.send(name);
      return promise;
    },
  };
}

/** The most memory that a process had, in megabytes of 10^6 bytes. */
function peakMb(pid: number): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0;
  return Math.round((Number(kilobytes) * 1024) / 1e6);
}

interface Observed {
  readonly seconds: number;
  readonly failures: number;
  readonly worstHealthMs: number;
  readonly isHealthy: boolean;
  readonly acknowledged: number;
  /** The most that the service had since its start. */
  readonly memoryMb: number;
}

/** Runs a round of all senders while health is asked for. */
async function observe(
  { url, pid }: { readonly url: string; readonly pid: number },
  children: Children,
  name: 'come' | 'again',
): Promise<Observed> {
  const startedMs = Date.now();
  let isOver = false;
  let worstHealthMs = 0;
  let isHealthy = true;
  const watching = (async () => {
    while (!isOver) {
      const askedMs = performance.now();
      const isOk = await fetch(`${url}/v1/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      worstHealthMs = Math.max(worstHealthMs, performance.now() - askedMs);
      isHealthy &&= isOk;
      await Bun.sleep(PROBE_MS);
    }
  })();
  const rounds = await Promise.all(children.map((child) => child.round(name)));
  isOver = true;
  await watching;
  const times = rounds.flatMap(({ timesMs }) => timesMs);
  return {
    seconds: (times.reduce((last, timeMs) => Math.max(last, timeMs), 0) - startedMs) / 1000,
    failures: rounds.reduce((sum, { failures }) => sum + failures, 0),
    worstHealthMs,
    isHealthy,
    acknowledged: times.length,
    memoryMb: peakMb(pid),
  };
}

function rowOf(what: string, senders: number, observed: Observed): Row {
  const { seconds, failures, worstHealthMs, isHealthy, acknowledged, memoryMb } = observed;
  if (acknowledged !== senders) throw new Error(`${acknowledged} of ${senders} agents were answered.`);
  return {
    what,
    floor: '',
    ours: `${seconds.toFixed(1)} s, ${memoryMb} MB at most`,
    figure: `health ${isHealthy ? 'green' : 'RED'}, ${worstHealthMs.toFixed(0)} ms at worst; ${grouped(failures)} tries repeated`,
    budget: `at most ${WITHIN_SECONDS} s`,
    isHeld: isHealthy ? isAtMost(seconds, WITHIN_SECONDS) : false,
  };
}
