import { delayOf } from '../../src/agent/loop.ts';
import { startSender } from '../../src/agent/sender.ts';
import type { Spool } from '../../src/agent/spool.ts';
import type { SentRow } from '../../src/api/sample-row.ts';
import { isRefusal } from '../../src/cli/agent-client.ts';
import { Client } from '../../src/client/client.ts';
import { tokenCredentials } from '../../src/client/credentials.ts';
import { packSamples } from '../../src/client/pack.ts';
import { type Acknowledged, jobName } from './comeback.ts';

// The senders of many agents in one process: URL, token, first sender, last sender, jobs of each.
const [url, token] = process.argv.slice(2) as [string, string];
const [from, to, jobs] = process.argv.slice(4).map(Number) as [number, number, number];
/** Agents of other machines show a session or a token. */
const credentials = tokenCredentials(token);

const INTERVAL_MS = 15_000;
let timesMs: number[] = [];
let failures = 0;
let finish: () => void = () => {};

/** A spool in memory: what is on disk of a node is not what is measured here. */
function memorySpool(): Spool {
  const batches = new Map<number, Uint8Array<ArrayBuffer>>();
  let next = 1;
  return {
    add: (bytes) => void batches.set(next++, new Uint8Array(bytes)),
    first(isWanted = () => true) {
      for (const [number, bytes] of batches) if (isWanted(number)) return { number, bytes };
      return undefined;
    },
    remove(number) {
      batches.delete(number);
      timesMs.push(Date.now());
      if (timesMs.length === to - from) finish();
    },
    state: () => ({ batches: batches.size, bytes: 0, dropped: 0 }),
  };
}

/** A believable sample with 12 further measures. */
const sampleOf = (sender: number, job: number, timeMs: number): SentRow & { timeMs: number } => ({
  jobId: jobName(sender, job),
  node: `n${sender}`,
  timeMs,
  cpuUsage: ((sender * 7919 + job) % 10_000) / 100,
  memoryUsageMb: 1000 + sender,
  measures: {
    cpu_seconds: sender + job * 1.125,
    cpu_user_seconds: sender + job,
    cpu_system_seconds: job * 0.125,
    cpu_throttled_seconds: 0,
    cpus_used: 1.5,
    memory_current_bytes: 2 ** 30 + sender * 4096,
    memory_anonymous_bytes: 2 ** 29 + sender * 4096,
    memory_peak_bytes: 2 ** 31,
    io_read_bytes: sender * 512,
    io_written_bytes: job * 512,
    processes: 4,
    threads: 16,
  },
});

const agents = Array.from({ length: to - from }, (_, place) => {
  const sender = from + place;
  // Every node has a connection of its own.
  const client = new Client({ url, credentials, headers: { connection: 'close' }, timeoutMs: 30_000 });
  const spool = memorySpool();
  return {
    delayMs: delayOf(`n${sender}`, INTERVAL_MS),
    add: (timeMs: number) =>
      spool.add(packSamples(Array.from({ length: jobs }, (_, job) => sampleOf(sender, job, timeMs)))),
    sender: startSender({
      spool,
      send: (packed, signal) => client.recordPacked(packed, { signal, retries: 0 }),
      isLasting: isRefusal,
      monotonicMs: () => performance.now(),
      random: Math.random,
      warn(event, fields) {
        failures++;
        if (event === 'service_not_reached') return;
        console.error(event, fields);
        process.exit(1);
      },
    }),
  };
});

function addAll(): void {
  const nowMs = Date.now();
  for (const { add } of agents) add(nowMs);
  // In the third of an interval after a round, each at its own time.
  for (const { sender, delayMs } of agents) sender.wake(delayMs);
}

/** Waits until all batches were acknowledged. */
async function finishRound(): Promise<Acknowledged> {
  if (timesMs.length < agents.length)
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
  return { timesMs, failures };
}

addAll();
process.send!('ready');
process.on('message', async (message) => {
  failures = 0;
  if (message === 'again') {
    timesMs = [];
    addAll();
  }
  process.send!(await finishRound());
});
