/** A list takes milliseconds; the machine may be busy with anything. */
const HANGS_MS = 5000;

interface Watch {
  /** The states that a job was shown in, one after the other. */
  statesOf(id: string): readonly string[];
  /** What should never be: a job that vanished or was listed twice, an answer that took long or was none. */
  readonly faults: readonly string[];
  stop(): Promise<void>;
}

/** Looks at the list of jobs again and again. */
export function watchJobs(url: string): Watch {
  const states = new Map<string, string[]>();
  const faults: string[] = [];
  let isStopped = false;

  async function look(): Promise<void> {
    const answer = await fetch(`${url}/v1/jobs?limit=1000`, { signal: AbortSignal.timeout(HANGS_MS) });
    const { jobs } = (await answer.json()) as { jobs: { id: string; state: string }[] };
    const ids = new Set(jobs.map(({ id }) => id));
    if (ids.size < jobs.length) faults.push('a job is listed twice');
    faults.push(...[...states.keys()].filter((id) => !ids.has(id)).map((id) => `job ${id} has vanished`));
    for (const { id, state } of jobs) {
      const known = states.get(id) ?? [];
      if (known.at(-1) !== state) states.set(id, [...known, state]);
    }
  }

  async function run(): Promise<void> {
    for (; !isStopped; await Bun.sleep(100)) await look().catch((error) => faults.push(String(error)));
  }

  const running = run();
  return {
    statesOf: (id) => states.get(id) ?? [],
    faults,
    async stop() {
      isStopped = true;
      await running;
    },
  };
}
