// A client beside the one that a test runs: asks for /v1/health, posts a sample and scrapes, again and again,
// in a process of its own, so that the waits it measures are the service's and not those of the test that
// burdens it. Arguments: URL of the service, in which the job "neighbour" must exist, and of a server that
// only echoes JSON. Messages: `reset`, and `report`, which is answered.

/**
 * The longest wait of each request since the last `reset`, in milliseconds; one under way counts up to now.
 */
export interface Waits {
  readonly healthMs: number;
  readonly sampleMs: number;
  readonly scrapeMs: number;
  /** The same of a server that nobody burdens: what the machine itself makes others wait. */
  readonly floorMs: number;
  /** Answers that were not 2xx, and requests without an answer; at most ten, one sentence each. */
  readonly faults: readonly string[];
}

const TIMEOUT_MS = 60_000;
/** Faults that are kept: one says as much as a hundred. */
const MAX_FAULTS = 10;
const SAMPLE = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"cpu_usage":50,"memory_usage_mb":1000}',
};

let resetAtMs = performance.now();
let faults: string[] = [];

/**
 * Repeats one request with a pause between two; returns a
 * function that tells its longest wait since the last reset.
 */
function repeat(url: string, init: RequestInit, pauseMs: number): () => number {
  let worstMs = 0;
  let worstResetAtMs = resetAtMs;
  let startedMs: number | undefined;

  function note(): void {
    if (worstResetAtMs !== resetAtMs) worstMs = 0;
    worstResetAtMs = resetAtMs;
    if (startedMs === undefined) return;
    worstMs = Math.max(worstMs, performance.now() - Math.max(startedMs, resetAtMs));
  }

  async function ask(): Promise<void> {
    const wasResetAtMs = resetAtMs;
    startedMs = performance.now();
    try {
      const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
      await answer.arrayBuffer();
      if (!answer.ok) addFault(`${url} was answered ${answer.status}`, wasResetAtMs);
    } catch (error) {
      addFault(`${url} was not answered: ${error}`, wasResetAtMs);
    }
    note();
    startedMs = undefined;
  }

  (async () => {
    for (;;) {
      await ask();
      await Bun.sleep(pauseMs);
    }
  })();
  return () => {
    note();
    return worstMs;
  };
}

function addFault(fault: string, wasResetAtMs: number): void {
  if (wasResetAtMs === resetAtMs && faults.length < MAX_FAULTS) faults.push(fault);
}

const [url, floorUrl] = process.argv.slice(2);
if (url !== undefined && floorUrl !== undefined) {
  const health = repeat(`${url}/v1/health`, {}, 5);
  const sample = repeat(`${url}/v1/jobs/neighbour/metrics`, SAMPLE, 10);
  const scrape = repeat(`${url}/metrics`, {}, 200);
  const floor = repeat(floorUrl, SAMPLE, 5);
  process.on('message', (message) => {
    if (message === 'reset') {
      resetAtMs = performance.now();
      faults = [];
      return;
    }
    const waits: Waits = {
      healthMs: health(),
      sampleMs: sample(),
      scrapeMs: scrape(),
      floorMs: floor(),
      faults,
    };
    process.send!(waits);
  });
}
