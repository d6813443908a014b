import { serve } from '../help/executable.ts';
import { jobsFolder } from './data/files.ts';
import { FILTERS, queryOf } from './data/jobs.ts';
import { timeGet } from './http.ts';
import { grouped, median, type Row } from './row.ts';

interface Timing {
  readonly query: string;
  readonly ours: number;
  readonly floor: number;
  /** Pages of as many jobs on both sides; only those can be compared. */
  readonly isSamePage: boolean;
}

/** The first page of every combination of filters, of many jobs in turn with few. */
export async function measureLists(options: { jobs: number; few: number; rounds: number }): Promise<Row[]> {
  const { jobs, few, rounds } = options;
  using many = await jobsFolder({ jobs, running: jobs / 250, pending: jobs / 5000 });
  using twin = await jobsFolder({ jobs: few, running: few / 10, pending: few / 25 });
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
  return [ratioRow(timings, jobs, few), slowestRow(timings, jobs)];
}

/** Jobs on the page, whose total has to be right. */
async function checkTotal(url: string, expected: number): Promise<number> {
  const { total, jobs } = JSON.parse((await timeGet(url)).body) as { total: number; jobs: unknown[] };
  if (total === expected && jobs.length === Math.min(100, expected)) return jobs.length;
  throw new Error(`${url} has ${jobs.length} jobs of ${total}, and should have ${expected}.`);
}

function ratioRow(timings: readonly Timing[], jobs: number, few: number): Row {
  const same = timings.filter((timing) => timing.isSamePage);
  const worst = same.reduce((a, b) => (b.ours / b.floor > a.ours / a.floor ? b : a));
  const ratio = worst.ours / worst.floor;
  return {
    what: `first page with total, ${grouped(jobs)} jobs against ${grouped(few)}, worst of ${same.length} filters`,
    floor: `${worst.floor.toFixed(2)} ms`,
    ours: `${worst.ours.toFixed(2)} ms (${worst.query || 'no filter'})`,
    figure: `${ratio.toFixed(2)} times the time`,
    budget: 'at most 3',
    isHeld: ratio <= 3,
  };
}

function slowestRow(timings: readonly Timing[], jobs: number): Row {
  const slowest = timings.reduce((a, b) => (b.ours > a.ours ? b : a));
  return {
    what: `first page with total, ${grouped(jobs)} jobs, slowest of ${timings.length} filters`,
    floor: '',
    ours: `${slowest.ours.toFixed(2)} ms (${slowest.query || 'no filter'})`,
    figure: '',
    budget: 'under 10 ms',
    isHeld: slowest.ours < 10,
  };
}
