import { serve } from '../help/executable.ts';
import { jobsFolder } from './data/files.ts';
import { timeGet, timePost } from './http.ts';
import { BATCH_ROWS, type Batches, batchMaker, CLUSTER, sendBatch, takesBatches } from './load.ts';
import { grouped, type Row } from './row.ts';
import { residentBytes } from './start.ts';

/** More rows than the queue takes, so that the service has to say no. */
const BATCH_CONNECTIONS = 32;
const SINGLE_CONNECTIONS = 16;
const LOOK_EVERY_MS = 250;
const MAX_MB = 300;

/** What was sent, and what became of it. */
interface Tally {
  rows: number;
  samples: number;
  refused: number;
  /** Batches that were stored, by their first job. */
  readonly byJob: Map<string, number>;
}

/** Writes from all sides as fast as it is answered, and watches the memory. */
export async function measureSoak({ seconds }: { seconds: number }): Promise<Row[]> {
  using folder = await jobsFolder(CLUSTER);
  await using server = await serve({ folder: folder.path });
  const batches = batchMaker();
  const hasBatches = await takesBatches(server.url);
  const tally: Tally = { rows: 0, samples: 0, refused: 0, byJob: new Map() };
  const endMs = performance.now() + seconds * 1000;
  const isOver = () => performance.now() > endMs;
  const connections = [
    ...Array.from({ length: hasBatches ? BATCH_CONNECTIONS : 0 }, () =>
      sendBatches(server.url, batches, tally, isOver),
    ),
    ...Array.from({ length: SINGLE_CONNECTIONS }, (_, lane) =>
      sendSingles(server.url, batches, lane, tally, isOver),
    ),
  ];
  const megabytes = await watchMemory(server.pid, isOver);
  await Promise.all(connections);
  await checkTotals(server.url, tally);
  const largest = Math.max(...megabytes);
  console.error(
    `memory over ${seconds} s: ${drawCurve(megabytes)} ${Math.round(megabytes[0]!)} to ${Math.round(largest)} MB`,
  );
  return [
    {
      what: `soak, ${seconds} s at full speed${hasBatches ? '' : ', single POSTs only (batches: not there yet)'}`,
      floor: '',
      ours: `${Math.round(largest)} MB at most; ${grouped((tally.rows + tally.samples) / seconds)} samples/s, ${grouped(tally.refused)} times 503`,
      figure: '',
      budget: `under ${MAX_MB} MB`,
      isHeld: largest < MAX_MB,
    },
  ];
}

async function sendBatches(
  url: string,
  batches: Batches,
  tally: Tally,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const batch = batches.make();
    if (await sendBatch(url, batch)) {
      tally.rows += BATCH_ROWS;
      tally.byJob.set(batch.jobId, (tally.byJob.get(batch.jobId) ?? 0) + 1);
    } else {
      tally.refused++;
    }
  }
}

async function sendSingles(
  url: string,
  { otherJobs }: Batches,
  lane: number,
  tally: Tally,
  isOver: () => boolean,
): Promise<void> {
  for (let turn = 0; !isOver(); turn++) {
    const jobId = otherJobs[(lane * 300 + turn) % otherJobs.length]!;
    const { status, isOk, body } = await timePost(
      `${url}/v1/jobs/${jobId}/metrics`,
      '{"cpu_usage":75.53,"memory_usage_mb":4096,"gpu_usage":50}',
    );
    if (isOk) tally.samples++;
    else if (status === 503) tally.refused++;
    else throw new Error(`A sample was answered ${status}: ${body}`);
  }
}

async function watchMemory(pid: number, isOver: () => boolean): Promise<number[]> {
  const megabytes: number[] = [];
  do {
    megabytes.push(residentBytes(pid) / 1e6);
    await Bun.sleep(LOOK_EVERY_MS);
  } while (!isOver());
  return megabytes;
}

/** Every job has one sample of before, and one of each of its batches that was answered 2xx. */
async function checkTotals(url: string, { byJob }: Tally): Promise<void> {
  for (const [jobId, batches] of byJob) {
    const { body } = await timeGet(`${url}/v1/jobs/${jobId}/metrics?limit=1`);
    const { total } = JSON.parse(body) as { total: number };
    if (total !== batches + 1)
      throw new Error(`${jobId} has ${total} samples, and ${batches + 1} were answered.`);
  }
}

/** The largest of each sixtieth of the time, as one line of eight heights, from 0 to the largest or the budget. */
function drawCurve(megabytes: readonly number[]): string {
  const top = Math.max(MAX_MB, ...megabytes);
  const width = Math.min(60, megabytes.length);
  return Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * megabytes.length) / width);
    const to = Math.floor(((column + 1) * megabytes.length) / width);
    const height = Math.floor((Math.max(...megabytes.slice(from, to)) / top) * 8);
    return '▁▂▃▄▅▆▇█'[Math.min(7, height)];
  }).join('');
}
