import { serve } from '../help/executable.ts';
import { jobsFolder } from './data/files.ts';
import { runFloor } from './floor.ts';
import { timeGet, timeSamples } from './http.ts';
import { BATCH_ROWS, batchMaker, CLUSTER, sendBatch } from './load.ts';
import { grouped, isAtLeast, isAtMost, median, percentile, type Row } from './row.ts';
import { hasVictoria, startVictoria } from './victoria.ts';

/** The size of the floor's transactions. */
const LARGE = { rows: BATCH_ROWS, connections: 2 };
/** The size that agents send. */
const SMALL = { rows: 1000, connections: 4 };
/** VictoriaMetrics starts with this one. */
const ONE_SAMPLE = { timeMs: Date.now(), cpuUsage: 1, memoryUsageMb: 1, gpuUsage: null };

/**
 * Measures batches against plain appends, alone and beside
 * readers, and how long a single POST waits beside them.
 */
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
  await using victoria = hasVictoria() ? await startVictoria([ONE_SAMPLE]) : undefined;
  if (!victoria)
    console.error(
      'There is no VictoriaMetrics on this machine: batches are measured WITHOUT it beside them.',
    );
  const rates = {
    alone: [] as number[],
    victoria: [] as number[],
    floor: [] as number[],
    large: [] as number[],
    largeBeside: [] as number[],
    small: [] as number[],
  };
  for (let round = 0; round <= rounds; round++) {
    await waitUntilSealed(url);
    const floor = await runFloor('append', '2');
    const rate = {
      large: await large(rows),
      largeBeside: await besideReaders(url, () => large(rows)),
      small: await besideReaders(url, () => small(rows)),
      alone: await small(rows),
      victoria: victoria ? await importRows(victoria.importUrl, rows) : 0,
    };
    if (round === 0) continue; // warms the server up
    rates.floor.push(floor);
    rates.large.push(rate.large);
    rates.largeBeside.push(rate.largeBeside);
    rates.small.push(rate.small);
    rates.alone.push(rate.alone);
    rates.victoria.push(rate.victoria);
  }
  const target = { url, jobIds: batchMaker().otherJobs, posts };
  const quiet = percentile(await timeSamples(target), 0.99);
  const besideSmall = await besideReaders(url, () => timeSamples(target, () => small(20 * SMALL.rows)));
  const besideLarge = await timeSamples(target, () => large(4 * LARGE.rows));
  return [
    rateRow(`batch samples over HTTP, durable, ${describe(LARGE)}`, rates.floor, rates.large),
    rateRow('the same beside a scrape a second and list queries', rates.floor, rates.largeBeside),
    rateRow(`the same beside them, ${describe(SMALL)}`, rates.floor, rates.small),
    ...(victoria ? [peerRow(rates.victoria, rates.alone)] : []),
    waitRow('a POST of one sample beside all those, p99', quiet, besideSmall, 3),
    waitRow(`a POST of one sample beside batches of ${grouped(LARGE.rows)} rows, p99`, quiet, besideLarge),
  ];
}

/** A round is a burst: the samples of the one before must be sealed, or they count against the bound. */
const SEALED_SAMPLES = 1_100_000;
const SEALED_WITHIN_MS = 120_000;

/** Waits until the samples of a burst are sealed, or says that they were not in time. */
export async function waitUntilSealed(url: string): Promise<void> {
  const endMs = performance.now() + SEALED_WITHIN_MS;
  while (performance.now() < endMs) {
    const { body } = await timeGet(`${url}/metrics`);
    if (Number(/^hpc_observe_unsealed_samples (\d+)$/m.exec(body)![1]) <= SEALED_SAMPLES) return;
    await Bun.sleep(1000);
  }
  console.error('The samples of the last round were not sealed in time: rates are those of an overload.');
}

const describe = ({ rows, connections }: typeof LARGE) =>
  `${grouped(rows)} rows a request, ${connections} connections`;

/**
 * Returns a function that sends rows in batches, made before the clock starts, and returns the rows a second.
 */
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

/**
 * Sends the same rows to VictoriaMetrics, three series each, in as many requests; returns the rows a second.
 */
async function importRows(url: string, rows: number): Promise<number> {
  const batches = batchMaker(SMALL.rows);
  const made = Array.from({ length: rows / SMALL.rows }, () => seriesText(batches.make().body)).values();
  const startedMs = performance.now();
  const connection = async () => {
    for (const body of made) {
      const { ok, status } = await fetch(url, { method: 'POST', body });
      if (!ok) throw new Error(`VictoriaMetrics answered ${status}.`);
    }
  };
  await Promise.all(Array.from({ length: SMALL.connections }, connection));
  return (rows * 1000) / (performance.now() - startedMs);
}

interface BatchRow {
  readonly job_id: string;
  readonly node: string;
  readonly timestamp: string;
  readonly cpu_usage: number;
  readonly memory_usage_mb: number;
  readonly gpu_usage: number;
}

const seriesText = (body: Buffer): Buffer =>
  Buffer.from(
    (JSON.parse(body.toString()) as { samples: BatchRow[] }).samples
      .map((row) => {
        const labels = `{job="${row.job_id}",node="${row.node}"}`;
        const timeMs = Date.parse(row.timestamp);
        const values = { cpu: row.cpu_usage, memory: row.memory_usage_mb, gpu: row.gpu_usage };
        return Object.entries(values)
          .map(([name, value]) => `${name}${labels} ${value} ${timeMs}\n`)
          .join('');
      })
      .join(''),
  );

/** Compares with VictoriaMetrics, which answers before the rows are on disk. */
function peerRow(theirs: readonly number[], ours: readonly number[]): Row {
  const ratio = median(ours.map((rate, round) => rate / theirs[round]!));
  return {
    what: `batches beside VictoriaMetrics, which does not sync, ${describe(SMALL)}`,
    floor: `${grouped(median(theirs))} rows/s`,
    ours: `${grouped(median(ours))} rows/s`,
    figure: `${ratio.toFixed(2)} of the peer`,
    budget: 'at least 0.7',
    isHeld: isAtLeast(ratio, 0.7),
  };
}

/** Scrapes once and lists jobs ten times a second during `run`. */
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
    isHeld: isAtLeast(ratio, 0.25),
  };
}

/** `most`: the budget, in multiples of the undisturbed wait; without it the figure is only shown. */
function waitRow(what: string, quietMs: number, busy: readonly number[], most?: number): Row {
  const waitMs = percentile(busy, 0.99);
  return {
    what,
    floor: `${quietMs.toFixed(1)} ms`,
    ours: `${waitMs.toFixed(1)} ms`,
    figure: `${(waitMs / quietMs).toFixed(1)} times undisturbed`,
    budget: most === undefined ? '' : `at most ${most}`,
    isHeld: most === undefined ? undefined : isAtMost(waitMs / quietMs, most),
  };
}
