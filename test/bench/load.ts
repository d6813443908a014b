import { WIDE_MEASURES, wideSeries } from '../help/wide-noise.ts';
import { type JobsShape, jobAt, jobNumbers } from './data/jobs.ts';
import { timePost } from './http.ts';

/** Rows in a transaction of the floor. */
export const BATCH_ROWS = 5000;

/** The answer of `POST /v1/samples`. */
interface BatchAnswer {
  readonly stored: number;
  readonly repeated: number;
  readonly refused: number;
}

/** 20,000 running jobs and no ended ones. */
export const CLUSTER: JobsShape = { jobs: 40_000, running: 20_000, pending: 0, isOnlyRunning: true };
/** Batches go to this many jobs, single samples to the others, so that both can be counted. */
const BATCH_JOBS = 15_000;

/**
 * Makes batches of one sample for each of `rows` jobs, the next `rows` jobs each time; no job gets two with
 * one time.
 */
export function batchMaker(rows = BATCH_ROWS) {
  const jobs = [...jobNumbers(CLUSTER)].map((number) => jobAt(number, CLUSTER));
  const groups: { jobId: string; pieces: string[] }[] = [];
  for (let start = 0; start < BATCH_JOBS; start += rows) {
    const samples = jobs.slice(start, start + rows).map(({ id, nodes }, index) => ({
      job_id: id,
      node: nodes[0],
      timestamp: '@',
      cpu_usage: ((index * 7919) % 10_000) / 100,
      memory_usage_mb: 1000 + index * 13,
      gpu_usage: ((index * 31) % 1000) / 10,
    }));
    groups.push({ jobId: samples[0]!.job_id, pieces: JSON.stringify({ samples }).split('@') });
  }
  return {
    /** Jobs without samples in any batch. */
    otherJobs: jobs.slice(BATCH_JOBS).map(({ id }) => id),
    ...makerOf(groups, rows),
  };
}

/** Makes batches as `batchMaker` does, as columns with further measures. */
export function wideBatchMaker(rows = BATCH_ROWS) {
  const jobs = [...jobNumbers(CLUSTER)].map((number) => jobAt(number, CLUSTER)).slice(0, BATCH_JOBS);
  const { samples, columns } = wideSeries(BATCH_JOBS);
  const groups: { jobId: string; pieces: string[] }[] = [];
  for (let start = 0; start < BATCH_JOBS; start += rows) {
    const named = jobs.slice(start, start + rows);
    const slice = (values: readonly unknown[]) => values.slice(start, start + rows);
    const body = {
      columns: {
        job_id: named.map(({ id }) => id),
        node: named.map(({ nodes }) => nodes[0]),
        timestamp: '@',
        cpu_usage: slice(samples.map(({ cpuUsage }) => cpuUsage)),
        memory_usage_mb: slice(samples.map(({ memoryUsageMb }) => memoryUsageMb)),
        gpu_usage: slice(samples.map(({ gpuUsage }) => gpuUsage)),
        ...Object.fromEntries(WIDE_MEASURES.map((name, place) => [name, slice([...columns[place]!])])),
      },
    };
    groups.push({ jobId: named[0]!.id, pieces: JSON.stringify(body).split('@') });
  }
  return makerOf(groups, rows);
}

/** Returns a function that makes the next batch, with a time of its own. */
function makerOf(groups: readonly { jobId: string; pieces: string[] }[], rows: number) {
  let timeMs = 0;
  let next = 0;
  return {
    make() {
      const { jobId, pieces } = groups[next++ % groups.length]!;
      timeMs = Math.max(timeMs + 1, Date.now());
      return { jobId, rows, body: Buffer.from(pieces.join(new Date(timeMs).toISOString())) };
    },
  };
}

export type Batches = ReturnType<typeof batchMaker>;
export type Batch = ReturnType<Batches['make']>;

/** Sends one batch; returns false if the service answered 503. Throws unless every row was stored. */
export async function sendBatch(url: string, { body, rows, jobId }: Batch): Promise<boolean> {
  const answer = await timePost(`${url}/v1/samples`, body);
  if (answer.status === 503) return false;
  if (!answer.isOk) throw new Error(`A batch was answered ${answer.status}: ${answer.body.slice(0, 500)}`);
  const { stored } = JSON.parse(answer.body) as BatchAnswer;
  if (stored !== rows)
    throw new Error(`${stored} of ${rows} rows from ${jobId} on: ${answer.body.slice(0, 500)}`);
  return true;
}
