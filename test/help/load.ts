import type { JobState } from '../../src/domain/job.ts';

/** What one job was told, and what of that was answered. */
interface JobLedger {
  isCreated: boolean;
  /** By timestamp: the value, and whether it was answered 2xx. */
  readonly samples: Map<string, { cpu: number; isAnswered: boolean }>;
  /** The last state that was answered, and those that were sent after it. */
  states: JobState[];
}

/**
 * Everything that was sent to a service, job by job. Kept by the client, so that a killed service cannot
 * touch it.
 */
export type Ledger = Map<string, JobLedger>;

const STATES: readonly JobState[] = ['running', 'completed', 'pending', 'failed', 'running', 'cancelled'];
const SAMPLES_A_JOB = 40;

interface WriteOptions {
  readonly url: string;
  readonly ledger: Ledger;
  /** Begins the ids of the jobs. */
  readonly name: string;
  readonly connections?: number;
  /** Told of every answer that is not 2xx. */
  readonly refused?: (answer: Response) => void;
  /**
   * The service is about to go: a connection that breaks
   * just ends, and what was on its way may be there or not.
   */
  readonly mayBreak?: boolean;
}

/**
 * Writes jobs, states and samples with timestamps over several connections until `isOver`, each as soon as
 * the one before is answered. One connection writes all of a job, in order. Returns how many got 2xx.
 */
export async function writeUntil(
  isOver: () => boolean,
  { url, ledger, name, connections = 16, refused = () => {}, mayBreak = false }: WriteOptions,
): Promise<number> {
  let answered = 0;

  async function send(method: string, path: string, body: unknown): Promise<boolean> {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    await answer.arrayBuffer();
    if (answer.ok) answered++;
    else refused(answer);
    return answer.ok;
  }

  async function writeJob(id: string): Promise<void> {
    const job: JobLedger = { isCreated: false, samples: new Map(), states: ['running'] };
    ledger.set(id, job);
    job.isCreated = await send('POST', '/v1/jobs', { id, user: `user of ${name}`, nodes: ['n1', 'n2'] });
    if (!job.isCreated) return;
    const startMs = Date.now() - SAMPLES_A_JOB;
    for (let number = 0; number < SAMPLES_A_JOB && !isOver(); number++) {
      const timestamp = new Date(startMs + number).toISOString();
      const sample = { cpu: number + 0.5, isAnswered: false };
      job.samples.set(timestamp, sample);
      const body = { timestamp, cpu_usage: sample.cpu, memory_usage_mb: number };
      sample.isAnswered = await send('POST', `/v1/jobs/${id}/metrics`, body);
      if (number % 5 !== 4) continue;
      const state = STATES[((number / 5) % STATES.length) | 0]!;
      job.states.push(state);
      if (await send('PATCH', `/v1/jobs/${id}`, { state })) job.states = [state];
    }
  }

  async function connection(number: number): Promise<void> {
    try {
      for (let round = 0; !isOver(); round++) await writeJob(`${name}-${number}-${round}`);
    } catch (error) {
      if (!mayBreak) throw error;
    }
  }

  await Promise.all(Array.from({ length: connections }, (_, number) => connection(number)));
  return answered;
}

/** What of the ledger the service does not have, or has otherwise: one sentence each. */
export async function findLosses(url: string, ledger: Ledger): Promise<string[]> {
  const losses: string[] = [];
  const jobs = [...ledger];
  const check = async () => {
    for (let next = jobs.pop(); next; next = jobs.pop()) losses.push(...(await compareJob(url, ...next)));
  };
  await Promise.all(Array.from({ length: 16 }, check));
  return losses;
}

async function compareJob(url: string, id: string, job: JobLedger): Promise<string[]> {
  const path = `${url}/v1/jobs/${id}`;
  const answer = await fetch(path);
  if (answer.status === 404) return job.isCreated ? [`${id} was created and is not there`] : [];
  const { state } = (await answer.json()) as { state: JobState };
  const losses: string[] = [];
  if (!job.states.includes(state)) losses.push(`${id} is ${state}, not ${job.states.join(' or ')}`);
  const { samples } = (await (await fetch(`${path}/metrics`)).json()) as {
    samples: { timestamp: string; cpu_usage: number }[];
  };
  const found = new Map(samples.map((sample) => [sample.timestamp, sample.cpu_usage]));
  if (found.size !== samples.length) losses.push(`${id} has a sample twice`);
  for (const [timestamp, { cpu, isAnswered }] of job.samples) {
    const value = found.get(timestamp);
    if (value === undefined ? isAnswered : value !== cpu) {
      losses.push(`${id} has ${value} at ${timestamp}, not ${cpu}`);
    }
    found.delete(timestamp);
  }
  for (const timestamp of found.keys()) losses.push(`${id} has a sample at ${timestamp} that nobody sent`);
  return losses;
}

/** How many jobs and samples the ledger holds as answered. */
export function countAnswered(ledger: Ledger): { jobs: number; samples: number } {
  const jobs = [...ledger.values()];
  return {
    jobs: jobs.filter((job) => job.isCreated).length,
    samples: jobs.flatMap((job) => [...job.samples.values()]).filter((sample) => sample.isAnswered).length,
  };
}
