import { Database } from 'bun:sqlite';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { WIDE_MEASURES, wideSeries } from '../help/wide-noise.ts';
import { waitUntilSealed } from './batch.ts';
import { jobsFolder } from './data/files.ts';
import { sealedBytes, usedBytes } from './disk.ts';
import { runFloor } from './floor.ts';
import { BATCH_ROWS, CLUSTER, sendBatch, wideBatchMaker } from './load.ts';
import { grouped, isAtLeast, isAtMost, median, type Row } from './row.ts';

// Samples with twelve further measures, as an agent sends them.

const BYTES_BUDGET = 16;
const RATE_BUDGET = 0.15;
const CONNECTIONS = 2;

/** Measures the bytes on disk per sample after sealing, for believable values. */
export async function measureWideDisk({ jobs, samples }: { jobs: number; samples: number }): Promise<Row> {
  const series = Array.from({ length: jobs }, (_, job) => wideSeries(samples / jobs, job + 1));
  const { bytes } = await sealedBytes(
    series.map((one) => one.samples),
    series.map((one) => one.columns),
  );
  const [ours, plain] = [bytes / samples, plainBytes(series) / samples];
  return {
    what: `the same with ${WIDE_MEASURES.length} further measures, ${grouped(samples)} believable`,
    floor: `${plain.toFixed(1)} B plain rows`,
    ours: `${ours.toFixed(2)} B`,
    figure: `${(ours / plain).toFixed(2)} of plain rows`,
    budget: `at most ${BYTES_BUDGET}`,
    isHeld: isAtMost(ours, BYTES_BUDGET),
  };
}

/** Measures batches of columns against plain appends of as many columns. */
export async function measureWideBatches({ rounds, rows }: { rounds: number; rows: number }): Promise<Row> {
  using folder = await jobsFolder(CLUSTER);
  await using server = await serve({ folder: folder.path });
  const batches = wideBatchMaker(BATCH_ROWS);
  const send = async (): Promise<number> => {
    const made = Array.from({ length: rows / BATCH_ROWS }, () => batches.make()).values();
    const startedMs = performance.now();
    const connection = async () => {
      for (const batch of made) {
        while (!(await sendBatch(server.url, batch))) await Bun.sleep(10);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
    return (rows * 1000) / (performance.now() - startedMs);
  };
  const floors: number[] = [];
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    await waitUntilSealed(server.url);
    const floor = await runFloor('append', '2', String(WIDE_MEASURES.length));
    const rate = await send();
    if (round === 0) continue; // warms the server up
    floors.push(floor);
    rates.push(rate);
  }
  const ratio = median(rates.map((rate, round) => rate / floors[round]!));
  return {
    what: `batches of columns with ${WIDE_MEASURES.length} further measures, ${grouped(BATCH_ROWS)} rows a request, ${CONNECTIONS} connections`,
    floor: `${grouped(median(floors))} rows/s`,
    ours: `${grouped(median(rates))} rows/s`,
    figure: `${ratio.toFixed(2)} of the floor`,
    budget: `at least ${RATE_BUDGET}`,
    isHeld: isAtLeast(ratio, RATE_BUDGET),
  };
}

/** Returns the bytes of the same samples as rows of a plain table. */
function plainBytes(series: readonly ReturnType<typeof wideSeries>[]): number {
  using folder = temporaryFolder();
  const path = folder.file('plain.db');
  const db = new Database(path);
  db.run(`CREATE TABLE sample (job INTEGER NOT NULL, node INTEGER NOT NULL, time INTEGER NOT NULL, cpu REAL NOT NULL,
    memory INTEGER NOT NULL, gpu REAL, ${WIDE_MEASURES.map((name) => `${name} REAL`).join(', ')}) STRICT`);
  const insert = db.query(
    `INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?${', ?'.repeat(WIDE_MEASURES.length)})`,
  );
  db.transaction(() => {
    for (const [job, { samples, columns }] of series.entries()) {
      for (const [at, { timeMs, cpuUsage, memoryUsageMb, gpuUsage }] of samples.entries()) {
        const further = columns.map((values) => values[at]!);
        insert.run(job + 1, job + 1, timeMs, cpuUsage, memoryUsageMb, gpuUsage ?? null, ...further);
      }
    }
  })();
  db.close();
  return usedBytes(path);
}
