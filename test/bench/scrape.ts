import { serve } from '../help/executable.ts';
import { createRunningJobs } from './cluster.ts';
import { startFloor } from './floor.ts';
import { median, percentile, type Row } from './row.ts';

/** `/metrics` with so many running jobs, in turn with a server that only concatenates the same text. */
export async function measureScrapes({ jobs, rounds }: { jobs: number; rounds: number }): Promise<Row[]> {
  using floor = await startFloor('concatenate', String(jobs));
  await using server = await serve();
  await createRunningJobs(server.url, jobs);
  const scrape = `${server.url}/metrics`;
  const ours: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < rounds + 5; round++) {
    const pair = [await timeGet(floor.url), await timeGet(scrape)] as const;
    if (round < 5) continue; // warms both up
    floors.push(pair[0]);
    ours.push(pair[1]);
  }
  const ratio = median(ours) / median(floors);
  const quietMs = await timePosts(server.url);
  const busyMs = await timePosts(server.url, async () => void (await timeGet(scrape)));
  const extraMs = percentile(busyMs, 0.99) - median(quietMs);
  const name = `/metrics, ${jobs.toLocaleString('en')} running jobs (${(4 * jobs).toLocaleString('en')} series)`;
  return [
    {
      what: name,
      floor: `${median(floors).toFixed(1)} ms`,
      ours: `${median(ours).toFixed(1)} ms`,
      figure: `${ratio.toFixed(2)} times the floor`,
      budget: 'at most 3',
      isHeld: ratio <= 3,
    },
    {
      what: `${name}: a POST meanwhile, p99`,
      floor: `${median(quietMs).toFixed(1)} ms`,
      ours: `${percentile(busyMs, 0.99).toFixed(1)} ms`,
      figure: `${extraMs.toFixed(1)} ms more`,
      budget: 'at most 25 ms more',
      isHeld: extraMs <= 25,
    },
  ];
}

async function timeGet(url: string): Promise<number> {
  const startedMs = performance.now();
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
  await response.arrayBuffer();
  return performance.now() - startedMs;
}

/** Milliseconds of each of 200 POSTs, one after the other, while `beside` runs again and again. */
async function timePosts(url: string, beside = () => Bun.sleep(5)): Promise<number[]> {
  let isDone = false;
  const besides = (async () => {
    do await beside();
    while (!isDone);
  })();
  const times: number[] = [];
  for (let count = 0; count < 200; count++) {
    const startedMs = performance.now();
    const response = await fetch(`${url}/v1/jobs/job-${count}/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"cpu_usage":75.53,"memory_usage_mb":4096,"gpu_usage":50}',
    });
    await response.arrayBuffer();
    times.push(performance.now() - startedMs);
    await Bun.sleep(2);
  }
  isDone = true;
  await besides;
  return times;
}
