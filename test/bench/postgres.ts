import { tmpdir } from 'node:os';
import { copyDatabase } from '../../src/store/copy-database.ts';
import { openPostgres } from '../../src/store/postgres/open.ts';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { hasPostgres, type PostgresServer, startPostgres } from '../help/postgres.ts';
import { createRunningJobs } from './cluster.ts';
import { jobsFolder } from './data/files.ts';
import { FILTERS, queryOf } from './data/jobs.ts';
import { timeGet } from './http.ts';
import { BATCH_ROWS, batchMaker, CLUSTER, sendBatch } from './load.ts';
import { grouped, isAtLeast, isAtMost, median, type Row } from './row.ts';
import { postRate, postScript } from './wrk.ts';

const CONNECTIONS = 2;
const POST_JOBS = 1000;
/** Round trips and commits that are timed at once. */
const PROBES = 200;

interface Options {
  readonly jobs: number;
  readonly rounds: { readonly batches: number; readonly lists: number; readonly posts: number };
  readonly rows: number;
  readonly seconds: number;
}

/**
 * Measures the PostgreSQL engine on a server of its own, on the same disk as the other databases: batches
 * against COPY of the same rows, lists with their round trips, and single POSTs against single commits.
 */
export async function measurePostgres(options: Options): Promise<Row[]> {
  if (!hasPostgres()) return [];
  await using server = await startPostgres({ place: tmpdir() });
  return [
    await measureBatches(server, options),
    ...(await measurePosts(server, options)),
    ...(await measureLists(server, options)),
  ];
}

/** Copies a database of the bench to a schema of its own, and returns its address. */
async function copyJobs(server: PostgresServer, shape: Parameters<typeof jobsFolder>[0]): Promise<string> {
  using folder = await jobsFolder(shape);
  const address = await server.newAddress();
  await copyDatabase(folder.file('hpc-observe.db'), address);
  return address;
}

async function measureBatches(server: PostgresServer, { rounds, rows }: Options): Promise<Row> {
  const address = await copyJobs(server, CLUSTER);
  await using service = await serve({ args: ['--database', address] });
  const batches = batchMaker();
  const rates: { floor: number; ours: number }[] = [];
  for (let round = 0; round <= rounds.batches; round++) {
    const floor = await copyRate(server, rows);
    const made = Array.from({ length: rows / BATCH_ROWS }, () => batches.make()).values();
    const startedMs = performance.now();
    const connection = async () => {
      for (const batch of made) while (!(await sendBatch(service.url, batch))) await Bun.sleep(10);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
    if (round > 0) rates.push({ floor, ours: (rows * 1000) / (performance.now() - startedMs) });
  }
  const ratio = median(rates.map(({ ours, floor }) => ours / floor));
  return {
    what: `PostgreSQL: batch samples over HTTP, ${grouped(BATCH_ROWS)} rows a request, ${CONNECTIONS} connections`,
    floor: `${grouped(median(rates.map(({ floor }) => floor)))} rows/s`,
    ours: `${grouped(median(rates.map(({ ours }) => ours)))} rows/s`,
    figure: `${ratio.toFixed(2)} of COPY`,
    budget: 'at least 0.5',
    isHeld: isAtLeast(ratio, 0.5),
  };
}

/** Copies rows of the same values into a plain table, a batch in a transaction; returns the rows a second. */
async function copyRate(server: PostgresServer, rows: number): Promise<number> {
  await using sql = new Bun.SQL(await server.newAddress(), { max: 1 });
  const connection = await sql.reserve();
  await connection.unsafe(
    'CREATE TABLE plain (usage integer NOT NULL, time bigint NOT NULL, cpu float8 NOT NULL, memory bigint NOT NULL, gpu float8)',
  );
  const text = Array.from({ length: BATCH_ROWS }, (_, row) =>
    [row, Date.now(), ((row * 7919) % 10_000) / 100, 1000 + row * 13, ((row * 31) % 1000) / 10].join('\t'),
  ).join('\n');
  const startedMs = performance.now();
  for (let done = 0; done < rows; done += BATCH_ROWS) {
    const writer = connection.unsafe('COPY plain FROM STDIN').writable().getWriter();
    await writer.write(`${text}\n`);
    await writer.close();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  connection.release();
  return rows / seconds;
}

async function measurePosts(server: PostgresServer, { rounds, seconds }: Options): Promise<Row[]> {
  if (!Bun.which('wrk')) {
    console.error('SKIPPED one-sample POSTs over PostgreSQL: install wrk.');
    return [];
  }
  using folder = temporaryFolder();
  const script = folder.file('post.lua');
  await Bun.write(script, postScript(POST_JOBS));
  await using service = await serve({ args: ['--database', await server.newAddress()] });
  await using file = await serve();
  for (const { url } of [service, file]) await createRunningJobs(url, POST_JOBS);
  const rates: { commits: number; sqlite: number; ours: number }[] = [];
  for (let round = 0; round <= rounds.posts; round++) {
    const rate = {
      commits: await commitRate(server),
      sqlite: await postRate(file.url, script, seconds),
      ours: await postRate(service.url, script, seconds),
    };
    if (round > 0) rates.push(rate);
  }
  const ours = median(rates.map((rate) => rate.ours));
  const times = median(rates.map((rate) => rate.ours / rate.commits));
  const share = median(rates.map((rate) => rate.ours / rate.sqlite));
  const what = 'PostgreSQL: one-sample POSTs, durable, 32 connections';
  return [
    {
      what: `${what}, beside a commit for each row`,
      floor: `${grouped(median(rates.map(({ commits }) => commits)))}/s`,
      ours: `${grouped(ours)}/s`,
      figure: `${times.toFixed(1)} times the commits`,
      budget: 'at least 1',
      isHeld: isAtLeast(times, 1),
    },
    {
      what: `${what}, beside the same with a file`,
      floor: `${grouped(median(rates.map(({ sqlite }) => sqlite)))}/s`,
      ours: `${grouped(ours)}/s`,
      figure: `${share.toFixed(2)} of the file`,
      budget: '',
      isHeld: undefined,
    },
  ];
}

/** Inserts rows over one connection, each committed by itself; returns the commits a second. */
async function commitRate(server: PostgresServer): Promise<number> {
  await using sql = new Bun.SQL(await server.newAddress(), { max: 1 });
  const connection = await sql.reserve();
  await connection.unsafe('CREATE TABLE plain (usage integer NOT NULL, time bigint NOT NULL)');
  const insert = () => connection.unsafe('INSERT INTO plain VALUES ($1, $2)', [1, Date.now()]);
  const ms = await timeEach(insert);
  connection.release();
  return 1000 / median(ms);
}

async function measureLists(server: PostgresServer, { jobs, rounds }: Options): Promise<Row[]> {
  const address = await copyJobs(server, { jobs, running: jobs / 250, pending: jobs / 5000 });
  // What the service does once in the background would be in the way.
  const store = await openPostgres(address);
  while (await store.expire({}, Date.now()));
  await store.close();
  await using service = await serve({ args: ['--database', address] });
  await using sql = new Bun.SQL(address, { max: 1 });
  const connection = await sql.reserve();
  const trip = median(await timeEach(() => connection.unsafe('SELECT $1::int', [1])));
  connection.release();
  const timings: { query: string; ms: number }[] = [];
  for (const query of FILTERS.map(queryOf)) {
    const times: number[] = [];
    for (let round = 0; round < rounds.lists; round++)
      times.push((await timeGet(`${service.url}/v1/jobs?${query}`)).ms);
    timings.push({ query, ms: median(times) });
  }
  const slowest = timings.sort((one, other) => other.ms - one.ms)[0]!;
  const limit = 10 + trip;
  return [
    {
      what: `PostgreSQL: first page with total, ${grouped(jobs)} jobs, slowest of ${timings.length} filters`,
      floor: `${trip.toFixed(2)} ms a round trip`,
      ours: `${slowest.ms.toFixed(2)} ms (${slowest.query || 'no filter'})`,
      figure: '',
      budget: 'under 10 ms and a round trip',
      isHeld: isAtMost(slowest.ms, limit),
    },
  ];
}

/** Does something some times, one after the other; returns the milliseconds of each. */
async function timeEach(work: () => PromiseLike<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let probe = 0; probe < PROBES; probe++) {
    const startedMs = performance.now();
    await work();
    times.push(performance.now() - startedMs);
  }
  return times;
}
