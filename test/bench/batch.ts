import { serve } from '../help/executable.ts';
import { jobsFolder } from './data/files.ts';
import { runFloor } from './floor.ts';
import { timeGet, timeSamples } from './http.ts';
import { BATCH_ROWS, type Batches, batchMaker, CLUSTER, sendBatch, takesBatches } from './load.ts';
import { grouped, median, notThereYet, percentile, type Row } from './row.ts';

const CONNECTIONS = 2;
const WHAT = 'batch samples over HTTP, durable, 5,000 rows a request, 2 connections';

/** Batches beside plain appends, alone and with readers, and what a single POST waits behind them. */
export async function measureBatches(options: {
  rounds: number;
  batches: number;
  posts: number;
}): Promise<Row[]> {
  const { rounds, batches: count, posts } = options;
  using folder = await jobsFolder(CLUSTER);
  await using server = await serve({ folder: folder.path });
  if (!(await takesBatches(server.url))) return [notThereYet(WHAT, 'at least 0.25')];
  const batches = batchMaker();
  const floors: number[] = [];
  const alone: number[] = [];
  const beside: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const floor = await runFloor('append', '2');
    const own = await rowRate(server.url, batches, count);
    const withReaders = await besideReaders(server.url, () => rowRate(server.url, batches, count));
    if (round === 0) continue; // warms the server up
    floors.push(floor);
    alone.push(own);
    beside.push(withReaders);
  }
  return [
    rateRow(WHAT, floors, alone),
    rateRow('the same beside a scrape a second and list queries', floors, beside),
    await waitRow(server.url, batches, posts),
  ];
}

/** Rows a second of so many batches, which are made before the clock starts. */
async function rowRate(url: string, batches: Batches, count: number): Promise<number> {
  const made = Array.from({ length: count }, () => batches.make()).values();
  const startedMs = performance.now();
  const connection = async () => {
    for (const batch of made) {
      while (!(await sendBatch(url, batch))) await Bun.sleep(10);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return (count * BATCH_ROWS * 1000) / (performance.now() - startedMs);
}

/** Scrapes every second and lists jobs ten times a second while `run` goes on. */
async function besideReaders<Value>(url: string, run: () => Promise<Value>): Promise<Value> {
  let isOver = false;
  const every = async (ms: number, path: string) => {
    while (!isOver) {
      await timeGet(`${url}${path}`);
      for (const endMs = performance.now() + ms; !isOver && performance.now() < endMs; ) await Bun.sleep(10);
    }
  };
  const readers = [every(1000, '/metrics'), every(100, '/v1/jobs?state=running')];
  const value = await run();
  isOver = true;
  await Promise.all(readers);
  return value;
}

function rateRow(what: string, floors: readonly number[], ours: readonly number[]): Row {
  const ratio = median(ours.map((rate, round) => rate / floors[round]!));
  return {
    what,
    floor: `${grouped(median(floors))} rows/s`,
    ours: `${grouped(median(ours))} rows/s`,
    figure: `${ratio.toFixed(2)} of the floor`,
    budget: 'at least 0.25',
    isHeld: ratio >= 0.25,
  };
}

async function waitRow(url: string, batches: Batches, posts: number): Promise<Row> {
  const target = { url, jobIds: batches.otherJobs, posts };
  const quiet = percentile(await timeSamples(target), 0.99);
  const busy = percentile(await timeSamples(target, () => rowRate(url, batches, 4)), 0.99);
  return {
    what: 'a POST of one sample beside batches, p99',
    floor: `${quiet.toFixed(1)} ms`,
    ours: `${busy.toFixed(1)} ms`,
    figure: `${(busy / quiet).toFixed(1)} times undisturbed`,
    budget: 'at most 3',
    isHeld: busy <= 3 * quiet,
  };
}
