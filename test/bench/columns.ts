import { MEASURES } from '../../src/domain/measure.ts';
import { serve } from '../help/executable.ts';
import { jobsFolder } from './data/files.ts';
import { jobAt, jobNumbers } from './data/jobs.ts';
import { CLUSTER, sendBatch } from './load.ts';
import { grouped, isAtLeast, median, type Row } from './row.ts';
import { hasVictoria, startVictoria } from './victoria.ts';

/** What agents send: one round of some hundred nodes. */
const ROWS = 1000;
const CONNECTIONS = 4;
const NAMES = [...MEASURES.values()].filter(({ of }) => of === 'job').map(({ name }) => name);
/** Further measures of the wide rows. */
const WIDE = 12;

/** One batch, as both are sent it. */
interface Bodies {
  readonly jobId: string;
  readonly columns: Buffer<ArrayBuffer>;
  readonly series: Buffer<ArrayBuffer>;
}

/**
 * Measures batches of columns beside VictoriaMetrics' import of the same values, which answers before they
 * are on disk: of the three documented values, and with twelve measures.
 */
export async function measureColumns({ rounds, rows }: { rounds: number; rows: number }): Promise<Row[]> {
  if (!hasVictoria()) {
    console.error(
      'There is no VictoriaMetrics on this machine: batches of columns are NOT measured beside it.',
    );
    return [];
  }
  using folder = await jobsFolder(CLUSTER);
  await using server = await serve({ folder: folder.path });
  await using victoria = await startVictoria([
    { timeMs: Date.now(), cpuUsage: 1, memoryUsageMb: 1, gpuUsage: null },
  ]);
  const table: Row[] = [];
  for (const measures of [0, WIDE]) {
    const make = batchMaker(measures);
    const rates = { ours: [] as number[], theirs: [] as number[] };
    for (let round = 0; round <= rounds; round++) {
      const bodies = Array.from({ length: rows / ROWS }, make);
      const ours = await rateOf(bodies, rows, async ({ columns, jobId }) => {
        while (!(await sendBatch(server.url, { body: columns, rows: ROWS, jobId }))) await Bun.sleep(10);
      });
      const theirs = await rateOf(bodies, rows, async ({ series }) => {
        const { ok, status } = await fetch(victoria.importUrl, { method: 'POST', body: series });
        if (!ok) throw new Error(`VictoriaMetrics answered ${status}.`);
      });
      if (round === 0) continue; // warms both up
      rates.ours.push(ours);
      rates.theirs.push(theirs);
    }
    table.push(rowOf(measures, rates));
  }
  return table;
}

/** Returns a function that makes batches of one sample for each of the next jobs. */
function batchMaker(measures: number): () => Bodies {
  const jobs = [...jobNumbers(CLUSTER)].map((number) => jobAt(number, CLUSTER));
  let next = 0;
  let timeMs = Date.now() - 60_000;
  return () => {
    const from = (next++ * ROWS) % (jobs.length - ROWS + 1);
    const chosen = jobs.slice(from, from + ROWS);
    timeMs = Math.max(timeMs + 1, Date.now() - 60_000);
    const values = {
      cpu_usage: chosen.map((_, index) => ((index * 7919 + next) % 10_000) / 100),
      memory_usage_mb: chosen.map((_, index) => 1000 + index * 13),
      gpu_usage: chosen.map((_, index) => ((index * 31) % 1000) / 10),
      ...Object.fromEntries(
        NAMES.slice(0, measures).map((name, place) => [
          name,
          // Half of them counters of bytes, half seconds to the millisecond.
          chosen.map((_, index) =>
            place % 2 === 0 ? (index + 1) * 4096 * next : (index * 1000 + next * 15) / 1000,
          ),
        ]),
      ),
    };
    const [jobIds, nodes] = [chosen.map(({ id }) => id), chosen.map(({ nodes }) => nodes[0]!)];
    const columns = { job_id: jobIds, node: nodes, timestamp: new Date(timeMs).toISOString(), ...values };
    const lines = chosen.flatMap((_, index) => {
      const labels = `{job="${jobIds[index]}",node="${nodes[index]}"}`;
      return Object.entries(values).map(([name, list]) => `${name}${labels} ${list[index]} ${timeMs}\n`);
    });
    return {
      jobId: jobIds[0]!,
      columns: Buffer.from(JSON.stringify({ columns })),
      series: Buffer.from(lines.join('')),
    };
  };
}

/** Sends all batches on some connections; returns the rows a second. */
async function rateOf(
  bodies: readonly Bodies[],
  rows: number,
  send: (body: Bodies) => Promise<void>,
): Promise<number> {
  const waiting = bodies.values();
  const startedMs = performance.now();
  const connection = async () => {
    for (const body of waiting) await send(body);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return (rows * 1000) / (performance.now() - startedMs);
}

function rowOf(measures: number, { ours, theirs }: { ours: number[]; theirs: number[] }): Row {
  const ratio = median(ours.map((rate, round) => rate / theirs[round]!));
  const what = measures === 0 ? 'of columns' : `of columns with ${measures} measures`;
  return {
    what: `batches ${what} beside VictoriaMetrics, which does not sync, ${grouped(ROWS)} rows a request`,
    floor: `${grouped(median(theirs))} rows/s`,
    ours: `${grouped(median(ours))} rows/s`,
    figure: `${ratio.toFixed(2)} of the peer`,
    budget: 'at least 1',
    isHeld: isAtLeast(ratio, 1),
  };
}
