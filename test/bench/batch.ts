import { serve } from '../help/executable.ts';
import { jobsFolder } from './data/files.ts';
import { runFloor } from './floor.ts';
import { timeGet, timeSamples } from './http.ts';
import { BATCH_ROWS, batchMaker, CLUSTER, sendBatch } from './load.ts';
import { grouped, median, percentile, type Row } from './row.ts';

/** As large as the transactions of the floor. */
const LARGE = { rows: BATCH_ROWS, connections: 2 };
/** As many agents send them: small enough for others not to wait long. */
const SMALL = { rows: 1000, connections: 4 };

/** Batches beside plain appends, alone and with readers, and what a single POST waits beside them. */
export async function measureBatches(options: {
  rounds: number;
  rows: number;
  posts: number;
}): Promise<Row[]> {
  const { rounds, rows, posts } = options;
  using folder = await jobsFolder(CLUSTER);
  await using server = await serve({ folder: folder.path });
  const { url } = server;
  const large = sender(url, LARGE);
  const small = sender(url, SMALL);
  const rates = {
    floor: [] as number[],
    large: [] as number[],
    largeBeside: [] as number[],
    small: [] as number[],
  };
  for (let round = 0; round <= rounds; round++) {
    const floor = await runFloor('append', '2');
    const rate = {
      large: await large(rows),
      largeBeside: await besideReaders(url, () => large(rows)),
      small: await besideReaders(url, () => small(rows)),
    };
    if (round === 0) continue; // warms the server up
    rates.floor.push(floor);
    rates.large.push(rate.large);
    rates.largeBeside.push(rate.largeBeside);
    rates.small.push(rate.small);
  }
  const target = { url, jobIds: batchMaker().otherJobs, posts };
  const quiet = percentile(await timeSamples(target), 0.99);
  const besideSmall = await besideReaders(url, () => timeSamples(target, () => small(20 * SMALL.rows)));
  const besideLarge = await timeSamples(target, () => large(4 * LARGE.rows));
  return [
    rateRow(`batch samples over HTTP, durable, ${describe(LARGE)}`, rates.floor, rates.large),
    rateRow('the same beside a scrape a second and list queries', rates.floor, rates.largeBeside),
    rateRow(`the same beside them, ${describe(SMALL)}`, rates.floor, rates.small),
    waitRow('a POST of one sample beside all those, p99', quiet, besideSmall, 3),
    waitRow(`a POST of one sample beside batches of ${grouped(LARGE.rows)} rows, p99`, quiet, besideLarge),
  ];
}

const describe = ({ rows, connections }: typeof LARGE) =>
  `${grouped(rows)} rows a request, ${connections} connections`;

/** Returns a function that sends so many rows in batches, and tells the rows a second. They are made before the clock starts. */
function sender(url: string, { rows: batchRows, connections }: typeof LARGE) {
  const batches = batchMaker(batchRows);
  return async (rows: number): Promise<number> => {
    const made = Array.from({ length: rows / batchRows }, () => batches.make()).values();
    const startedMs = performance.now();
    const connection = async () => {
      for (const batch of made) {
        while (!(await sendBatch(url, batch))) await Bun.sleep(10);
      }
    };
    await Promise.all(Array.from({ length: connections }, connection));
    return (rows * 1000) / (performance.now() - startedMs);
  };
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

/** `most`: so many times undisturbed are allowed; left out, the figure is only shown. */
function waitRow(what: string, quietMs: number, busy: readonly number[], most?: number): Row {
  const waitMs = percentile(busy, 0.99);
  return {
    what,
    floor: `${quietMs.toFixed(1)} ms`,
    ours: `${waitMs.toFixed(1)} ms`,
    figure: `${(waitMs / quietMs).toFixed(1)} times undisturbed`,
    budget: most === undefined ? '' : `at most ${most}`,
    isHeld: most === undefined ? undefined : waitMs <= most * quietMs,
  };
}
