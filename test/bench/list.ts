import { serve } from '../help/executable.ts';
import { jobsFolder } from './data/files.ts';
import { FILTERS, queryOf } from './data/jobs.ts';
import { timeGet } from './http.ts';
import { type Pair, timeOwnPages } from './own.ts';
import { grouped, isAtMost, median, percentile, type Row } from './row.ts';
import { ratioRow, slowestRow, type Timing } from './timing.ts';

/** Measures the first page of every combination of filters, in a large database in turn with a small one. */
export async function measureLists(options: { jobs: number; few: number; rounds: number }): Promise<Row[]> {
  const { jobs, few, rounds } = options;
  using many = await jobsFolder({ jobs, running: jobs / 250, pending: jobs / 5000 });
  using twin = await jobsFolder({ jobs: few, running: few / 10, pending: few / 25 });
  const rows = await measureServed({ many, twin }, options);
  const own = await timeOwnPages({ many, twin }, rounds);
  const what = 'first page of own jobs in the process';
  return [...rows, ratioRow(what, own, jobs, few), slowestRow(what, own, jobs)];
}

/** Measures what the service answers. */
async function measureServed(
  { many, twin }: Pair,
  { jobs, few, rounds }: { jobs: number; few: number; rounds: number },
): Promise<Row[]> {
  await using server = await serve({ folder: many.path });
  await using twinServer = await serve({ folder: twin.path });
  const timings: Timing[] = [];
  for (const filter of FILTERS) {
    const query = queryOf(filter);
    const page = (url: string) => `${url}/v1/jobs?${query}`;
    const sizes = [
      await checkTotal(page(server.url), many.totals[query]!),
      await checkTotal(page(twinServer.url), twin.totals[query]!),
    ];
    const ours: number[] = [];
    const floors: number[] = [];
    for (let round = 0; round < rounds; round++) {
      floors.push((await timeGet(page(twinServer.url))).ms);
      ours.push((await timeGet(page(server.url))).ms);
    }
    timings.push({ query, ours: median(ours), floor: median(floors), isSamePage: sizes[0] === sizes[1] });
  }
  return [
    ratioRow('first page with total', timings, jobs, few),
    slowestRow('first page with total', timings, jobs),
    await deepRow(server.url, jobs, rounds),
    ...(await longRows(server.url, jobs)),
  ];
}

/** Measures the page in the middle of all jobs. */
async function deepRow(url: string, jobs: number, rounds: number): Promise<Row> {
  const offset = jobs / 2;
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { ms, body } = await timeGet(`${url}/v1/jobs?offset=${offset}`);
    const page = JSON.parse(body) as { jobs: unknown[] };
    if (page.jobs.length !== 100) throw new Error(`offset=${offset} has ${page.jobs.length} jobs.`);
    times.push(ms);
  }
  const ms = median(times);
  const perJob = (ms * 1e6) / offset;
  return {
    what: `offset=${grouped(offset)} of ${grouped(jobs)} jobs`,
    floor: '',
    ours: `${ms.toFixed(1)} ms`,
    figure: `${perJob.toFixed(0)} ns a job`,
    budget: 'at most 50 ns a job',
    isHeld: isAtMost(perJob, 50),
  };
}

/** Lists that read all jobs or return 10,000, beside which other requests must not wait. */
const LONG = [
  ...['limit=10000', 'q=zzz', 'sort=cpu_usage', 'account=nobody,everybody&sort=runtime'],
  ...['max_cpu_usage=5', 'min_nodes=4', 'node=n%5B0000-1999%5D', 'raw_state=timeout&name=train*'],
];

async function longRows(url: string, jobs: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const query of LONG) {
    let isOver = false;
    const waits: number[] = [];
    const askHealth = async () => waits.push((await timeGet(`${url}/v1/health`)).ms);
    await askHealth();
    waits.length = 0;
    // At least one request runs beside the list, however fast the list is.
    const watch = (async () => {
      do {
        await askHealth();
        await Bun.sleep(2);
      } while (!isOver);
    })();
    const { ms } = await timeGet(`${url}/v1/jobs?${query}`);
    isOver = true;
    await watch;
    const waitMs = percentile(waits, 0.99);
    rows.push({
      what: `${query}, ${grouped(jobs)} jobs: /v1/health meanwhile, p99`,
      floor: '',
      ours: `${waitMs.toFixed(1)} ms`,
      figure: `the list itself ${ms.toFixed(0)} ms`,
      budget: 'at most 20 ms',
      isHeld: isAtMost(waitMs, 20),
    });
  }
  return rows;
}

/** Returns the number of jobs on the page; throws if its total is wrong. */
async function checkTotal(url: string, expected: number): Promise<number> {
  const { total, jobs } = JSON.parse((await timeGet(url)).body) as { total: number; jobs: unknown[] };
  if (total === expected && jobs.length === Math.min(100, expected)) return jobs.length;
  throw new Error(`${url} has ${jobs.length} jobs of ${total}, and should have ${expected}.`);
}
