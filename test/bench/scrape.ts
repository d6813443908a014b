import { serve } from '../help/executable.ts';
import { createRunningJobs } from './cluster.ts';
import { startFloor } from './floor.ts';
import { timeGet, timeSamples } from './http.ts';
import { grouped, isAtMost, median, percentile, type Row } from './row.ts';

/**
 * Measures `/metrics` with `jobs` running jobs, in turn with a server that only concatenates the same text.
 */
export async function measureScrapes({ jobs, rounds }: { jobs: number; rounds: number }): Promise<Row[]> {
  await using floor = await startFloor('concatenate', String(jobs));
  await using server = await serve();
  await createRunningJobs(server.url, jobs);
  const scrape = `${server.url}/metrics`;
  const ours: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < rounds + 5; round++) {
    const pair = [(await timeGet(floor.url)).ms, (await timeGet(scrape)).ms] as const;
    if (round < 5) continue; // warms both up
    floors.push(pair[0]);
    ours.push(pair[1]);
  }
  const ratio = median(ours) / median(floors);
  const posts = {
    url: server.url,
    jobIds: Array.from({ length: 200 }, (_, index) => `job-${index}`),
    posts: 200,
  };
  const quietMs = await timeSamples(posts);
  const busyMs = await timeSamples(posts, () => timeGet(scrape));
  const extraMs = percentile(busyMs, 0.99) - median(quietMs);
  const fewMs = await timeFew(jobs / 4, rounds);
  const growth = median(ours) / fewMs;
  const name = `/metrics, ${grouped(jobs)} running jobs (${grouped(4 * jobs)} series)`;
  return [
    {
      what: name,
      floor: `${median(floors).toFixed(1)} ms`,
      ours: `${median(ours).toFixed(1)} ms`,
      figure: `${ratio.toFixed(2)} times the floor`,
      budget: 'at most 3',
      isHeld: isAtMost(ratio, 3),
    },
    {
      what: `${name}: a POST meanwhile, p99`,
      floor: `${median(quietMs).toFixed(1)} ms`,
      ours: `${percentile(busyMs, 0.99).toFixed(1)} ms`,
      figure: `${extraMs.toFixed(1)} ms more`,
      budget: 'at most 25 ms more',
      isHeld: isAtMost(extraMs, 25),
    },
    {
      what: `${name} against a quarter of them`,
      floor: `${fewMs.toFixed(1)} ms`,
      ours: `${median(ours).toFixed(1)} ms`,
      figure: `${growth.toFixed(2)} times the time`,
      budget: 'at most 4.8 (4 is linear)',
      isHeld: isAtMost(growth, 4.8),
    },
  ];
}

/** Returns the milliseconds of a scrape with `jobs` running jobs. */
async function timeFew(jobs: number, rounds: number): Promise<number> {
  await using server = await serve();
  await createRunningJobs(server.url, jobs);
  const times: number[] = [];
  for (let round = 0; round < rounds + 5; round++) {
    const { ms } = await timeGet(`${server.url}/metrics`);
    if (round >= 5) times.push(ms);
  }
  return median(times);
}
