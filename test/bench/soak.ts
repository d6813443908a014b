import { serve } from '../help/executable.ts';
import { jobsFolder } from './data/files.ts';
import { timeGet, timePost } from './http.ts';
import { type Batches, batchMaker, CLUSTER, sendBatch } from './load.ts';
import { grouped, type Row } from './row.ts';
import { residentBytes } from './start.ts';

/** Enough for more rows than the queue accepts, so that the service answers 503. */
const BATCH_CONNECTIONS = 32;
const SINGLE_CONNECTIONS = 16;
const LOOK_EVERY_MS = 250;
const MAX_MB = 300;

/** What was sent, and how it was answered. */
interface Tally {
  rows: number;
  samples: number;
  refused: number;
  /** Requests without an answer in time. */
  timedOut: number;
  /** Stored batches by their first job. */
  readonly byJob: Map<string, number>;
  /** Batches without an answer in time, by their first job: they may be stored or not. */
  readonly unknownByJob: Map<string, number>;
}

/** Writes as fast as the service answers, over many connections, and records its memory. */
export async function measureSoak({ seconds }: { seconds: number }): Promise<Row[]> {
  using folder = await jobsFolder(CLUSTER);
  await using server = await serve({ folder: folder.path });
  const batches = batchMaker();
  const tally: Tally = {
    rows: 0,
    samples: 0,
    refused: 0,
    timedOut: 0,
    byJob: new Map(),
    unknownByJob: new Map(),
  };
  const endMs = performance.now() + seconds * 1000;
  const isOver = () => performance.now() > endMs;
  const connections = [
    ...Array.from({ length: BATCH_CONNECTIONS }, () => sendBatches(server.url, batches, tally, isOver)),
    ...Array.from({ length: SINGLE_CONNECTIONS }, (_, lane) =>
      sendSingles(server.url, batches, lane, tally, isOver),
    ),
  ];
  const megabytes = await watchMemory(server.pid, isOver);
  const largest = Math.max(...megabytes);
  console.error(
    `memory over ${seconds} s: ${drawCurve(megabytes)} ${Math.round(megabytes[0]!)} to ${Math.round(largest)} MB`,
  );
  // Awaited last, so that the curve is printed even if one of them fails.
  await Promise.all(connections);
  await checkTotals(server.url, tally);
  const timeouts = tally.timedOut > 0 ? `${grouped(tally.timedOut)} time-outs` : '';
  return [
    {
      what: `soak, ${seconds} s at full speed`,
      floor: '',
      ours: `${Math.round(largest)} MB at most; ${grouped((tally.rows + tally.samples) / seconds)} samples/s, ${grouped(tally.refused)} times 503${timeouts && `, ${timeouts}`}`,
      figure: timeouts,
      budget: `under ${MAX_MB} MB`,
      isHeld: largest < MAX_MB && tally.timedOut === 0,
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
    const isStored = await unlessTimedOut(sendBatch(url, batch));
    if (isStored === undefined) {
      tally.timedOut++;
      countOne(tally.unknownByJob, batch.jobId);
    } else if (isStored) {
      tally.rows += batch.rows;
      countOne(tally.byJob, batch.jobId);
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
    const answer = await unlessTimedOut(
      timePost(
        `${url}/v1/jobs/${jobId}/metrics`,
        '{"cpu_usage":75.53,"memory_usage_mb":4096,"gpu_usage":50}',
      ),
    );
    if (answer === undefined) tally.timedOut++;
    else if (answer.isOk) tally.samples++;
    else if (answer.status === 503) tally.refused++;
    else throw new Error(`A sample was answered ${answer.status}: ${answer.body}`);
  }
}

const countOne = (counts: Map<string, number>, key: string) =>
  void counts.set(key, (counts.get(key) ?? 0) + 1);

/** Returns the answer of a request; undefined if it timed out. */
async function unlessTimedOut<Answer>(request: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError') return undefined;
    throw error;
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

/**
 * Throws unless every job has its first sample and one of each batch that was answered 2xx; unanswered ones
 * may be missing.
 */
async function checkTotals(url: string, tally: Tally): Promise<void> {
  for (const [jobId, batches] of tally.byJob) {
    const answer = await unlessTimedOut(timeGet(`${url}/v1/jobs/${jobId}/metrics?limit=1`));
    if (answer === undefined) {
      tally.timedOut++;
      continue;
    }
    const { total } = JSON.parse(answer.body) as { total: number };
    const unknown = tally.unknownByJob.get(jobId) ?? 0;
    if (total < batches + 1 || total > batches + unknown + 1)
      throw new Error(`${jobId} has ${total} samples; ${batches + 1} were answered, ${unknown} were not.`);
  }
}

/**
 * Draws the largest value of each sixtieth of the time in
 * eight heights, scaled to the budget or the largest value.
 */
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
