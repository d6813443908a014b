import type { BatchMeasures } from '../../src/domain/batch-measures.ts';
import { MEASURES, type MeasureName } from '../../src/domain/measure.ts';
import type { JobSample } from '../../src/domain/store/samples.ts';
import { openStore } from './store.ts';

/** A job with many nodes that has been measured every ten seconds. */
export interface BigJob {
  readonly id: string;
  readonly nodes: number;
  /** When the first and the last sample of every node were taken. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** GPUs of each node; with any, samples have a counter, too. */
  readonly gpus?: number;
}

const INTERVAL_MS = 10_000;
const BATCH_ROWS = 20_000;

const nodeName = (number: number): string => `n${String(number).padStart(4, '0')}`;

export const samplesOfNode = ({ firstMs, lastMs }: BigJob): number =>
  Math.floor((lastMs - firstMs) / INTERVAL_MS) + 1;

/** What one node used at one moment: a level of its own, and a wave. */
function usageAt(node: number, timeMs: number) {
  const wave = Math.sin(timeMs / 600_000 + node);
  return {
    cpuUsage: Math.round((70 + 25 * wave) * 100) / 100,
    memoryUsageMb: 20_000 + 10 * node + Math.round(500 * wave),
    gpuUsage: Math.round((50 + 45 * wave) * 10) / 10,
  };
}

const code = (name: MeasureName) => MEASURES.get(name)!.code;

/** Further measures of samples that `usageAt` made: bytes read, and power and use of each GPU. */
function measuresAt(samples: readonly JobSample[], gpus = 0): BatchMeasures | undefined {
  if (gpus === 0) return undefined;
  const rows = Array.from({ length: samples.length * gpus }, (_, row) => Math.floor(row / gpus));
  const watts = (row: number) => Math.round(100 + 3 * samples[rows[row]!]!.gpuUsage! + 10 * (row % gpus));
  return {
    columns: new Map([
      [code('io_read_bytes'), Float64Array.from(samples, ({ timeMs }) => (timeMs % 1e9) * 4096)],
    ]),
    gpus: {
      samples: Uint32Array.from(rows),
      names: rows.map((at, row) => `GPU-${samples[at]!.node}-${row % gpus}`),
      columns: new Map([
        [code('gpu_utilization_percent'), Float64Array.from(rows, (at) => samples[at]!.gpuUsage!)],
        [code('gpu_power_watts'), Float64Array.from(rows, (_, row) => watts(row))],
      ]),
    },
  };
}

/** The samples of a job in the order in which they were taken, a batch at a time. */
function* bigJobSamples(job: BigJob): Generator<JobSample[]> {
  let batch: JobSample[] = [];
  for (let timeMs = job.firstMs; timeMs <= job.lastMs; timeMs += INTERVAL_MS) {
    for (let node = 0; node < job.nodes; node++) {
      batch.push({ jobId: job.id, node: nodeName(node), timeMs, ...usageAt(node, timeMs), stamped: false });
      if (batch.length < BATCH_ROWS) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** A job with GPUs has ended: its many series would make every scrape beside its reads longer. */
const stateOf = ({ gpus, lastMs }: BigJob) =>
  gpus ? ({ state: 'completed', endTimeMs: lastMs } as const) : ({ state: 'running' } as const);

/**
 * Writes the job and its samples into a database that
 * nobody has open; `isSealed`: nothing is left in the log.
 */
export async function writeBigJob(
  path: string,
  job: BigJob,
  { isSealed }: { isSealed: boolean },
): Promise<void> {
  // As many as are asked for may stay unsealed.
  const store = await openStore(path, isSealed ? {} : { maxUnsealedSamples: 1e9 });
  const seal = () => store.expire({}, job.lastMs + 2 * 3_600_000);
  try {
    const nodes = Array.from({ length: job.nodes }, (_, node) => nodeName(node));
    await store.createJobs([{ id: job.id, user: 'alice', nodes, startTimeMs: job.firstMs, ...stateOf(job) }]);
    for (const batch of bigJobSamples(job)) {
      const { stored } = await store.recordSamples(batch, measuresAt(batch, job.gpus));
      if (stored !== batch.length) throw new Error(`${stored} of ${batch.length} samples were stored.`);
      // The log is kept short meanwhile, as a service does that is given as much.
      if (isSealed) while ((await seal()) && store.status().sealUrgency > 0);
    }
    if (isSealed) while (await seal());
  } finally {
    await store.close();
  }
}
