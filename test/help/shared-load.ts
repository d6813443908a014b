/** A service that does not answer within this hangs: another one is asked. */
const ANSWER_MS = 1500;
const SAMPLES_A_BATCH = 10;
const BATCHES_A_JOB = 5;

interface Answered {
  readonly samples: number;
  readonly isEnded: boolean;
}

interface SharedLoadOptions {
  /** Where the services are that share a database; one that has ended may come back at another place. */
  readonly urls: () => readonly string[];
  readonly connections: number;
}

/**
 * Writes jobs as Slurm's hooks and agents do: start, batches of samples, end. What is not answered is sent
 * again, to the next service, until one has answered, as the agent does.
 */
export function startSharedLoad({ urls, connections }: SharedLoadOptions) {
  const answered = new Map<string, Answered>();
  const unexpected: string[] = [];
  const controller = new AbortController();
  let isOver = false;
  let lastMs = performance.now();
  let longestGapMs = 0;

  async function send(url: string, path: string, body: string): Promise<boolean> {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await answer.text();
    if (answer.status !== 503 && (!answer.ok || /"refused":[1-9]/.test(text)))
      unexpected.push(`${path}: ${answer.status} ${text}`);
    return answer.ok;
  }

  /** Resolves to whether the request was answered; it is given up only when the load has ended. */
  async function deliver(path: string, value: unknown, first: number): Promise<boolean> {
    const body = JSON.stringify(value);
    for (let attempt = 0; !controller.signal.aborted; attempt++) {
      const all = urls();
      const isStored = await send(all[(first + attempt) % all.length]!, path, body).catch(() => false);
      if (isStored) {
        const nowMs = performance.now();
        longestGapMs = Math.max(longestGapMs, nowMs - lastMs);
        lastMs = nowMs;
        return true;
      }
      await Bun.sleep(20);
    }
    return false;
  }

  async function writeJob(id: string, first: number): Promise<void> {
    const startMs = Date.now() - 60_000;
    const time = (ms: number) => new Date(startMs + ms).toISOString();
    const start = { job_id: id, user: 'alice', node_list: ['n1'], timestamp: time(0) };
    if (!(await deliver('/v1/events/job-started', start, first))) return;
    let samples = 0;
    answered.set(id, { samples, isEnded: false });
    for (let batch = 0; batch < BATCHES_A_JOB; batch++) {
      const rows = Array.from({ length: SAMPLES_A_BATCH }, (_, index) => ({
        job_id: id,
        node: 'n1',
        timestamp: time(1000 + batch * SAMPLES_A_BATCH + index),
        cpu_usage: 50,
        memory_usage_mb: 1000,
      }));
      if (!(await deliver('/v1/samples', { samples: rows }, first))) return;
      samples += rows.length;
      answered.set(id, { samples, isEnded: false });
    }
    const end = { job_id: id, final_state: 'completed', exit_code: 0, timestamp: time(30_000) };
    if (await deliver('/v1/events/job-finished', end, first)) answered.set(id, { samples, isEnded: true });
  }

  async function connection(number: number): Promise<void> {
    for (let job = 0; !isOver; job++) await writeJob(`${number}-${job}`, number);
  }

  const running = Promise.all(Array.from({ length: connections }, (_, number) => connection(number)));

  return {
    /** What was answered, job by job. */
    answered,
    /** Answers that no service should give, whatever happens to another one. */
    unexpected,
    /** How many samples were answered. */
    samples: () => [...answered.values()].reduce((sum, job) => sum + job.samples, 0),
    /** The longest time without an answered write since the last call, in milliseconds. */
    takeLongestGapMs(): number {
      const gapMs = longestGapMs;
      longestGapMs = 0;
      return gapMs;
    },
    /** Finishes the jobs that were begun. */
    async stop(): Promise<void> {
      isOver = true;
      await running;
    },
    [Symbol.dispose](): void {
      isOver = true;
      controller.abort();
    },
  };
}

/** What a service does not have exactly once of what was answered: one sentence each. */
export async function findSharedLosses(
  url: string,
  answered: ReadonlyMap<string, Answered>,
): Promise<string[]> {
  const losses: string[] = [];
  const jobs = [...answered];
  const read = async (path: string) => (await fetch(`${url}/v1/jobs/${path}`)).json();
  async function check(): Promise<void> {
    for (let next = jobs.pop(); next; next = jobs.pop()) {
      const [id, { samples, isEnded }] = next;
      const { state } = (await read(id)) as { state: string };
      const events = ((await read(`${id}/events`)) as { events: unknown[] }).events?.length;
      const page = (await read(`${id}/metrics`)) as { total: number; samples: { timestamp: string }[] };
      const times = new Set(page.samples?.map(({ timestamp }) => timestamp));
      const found = { state, events, total: page.total, different: times.size };
      const wanted = {
        state: isEnded ? 'completed' : 'running',
        events: isEnded ? 2 : 1,
        total: samples,
        different: samples,
      };
      if (!Bun.deepEquals(found, wanted)) losses.push(`${id}: ${JSON.stringify({ found, wanted })}`);
    }
  }
  await Promise.all(Array.from({ length: 8 }, check));
  return losses;
}
