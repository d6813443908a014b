import type { Database } from 'bun:sqlite';
import type { ChunkColumns, ChunkSample } from './chunk.ts';

/** Which unsealed samples of a job. Both ends of the span are inclusive. */
export interface UnsealedQuery {
  /** Numbers of nodes; all nodes of the job when left out. */
  readonly nodes?: readonly number[];
  readonly fromMs?: number;
  readonly toMs?: number;
}

/**
 * Reads what the log holds of a job and is not sealed yet: as columns, ascending in time, samples of one millisecond in the
 * order of arrival. The caller holds one transaction of the connection from the first call to the last, or the log may
 * move on between them.
 */
export interface UnsealedReader {
  /** All unsealed samples of a job on a node. */
  readSeries(job: number, node: number): ChunkColumns;
  /**
   * The unsealed samples of the wanted nodes, by node, in one pass over the log; a node without any has no entry. Yields
   * after each slice of a few milliseconds, so that other work can go on.
   */
  readJob(job: number, query?: UnsealedQuery): Generator<undefined, Map<number, ChunkColumns>>;
  /** How many unsealed samples each node has, without reading them; a node without any has no entry. Yields as readJob does. */
  countJob(job: number): Generator<undefined, Map<number, number>>;
}

/** Opens the log for reading through one connection. */
export function unsealedReader(db: Database): UnsealedReader {
  const readTail = tailReader(db);
  const selectNodes = db.query<{ node: number }, [number]>(
    'SELECT node FROM usage WHERE job = ? AND last_sample > sealed',
  );

  function* readNodes(
    job: number,
    nodes: readonly number[] | undefined,
  ): Generator<undefined, [number, ChunkSample[]][]> {
    const found: [number, ChunkSample[]][] = [];
    for (const node of nodes ?? selectNodes.all(job).map((row) => row.node)) {
      found.push([node, readTail(job, node)]);
      yield;
    }
    return found.filter(([, samples]) => samples.length > 0);
  }

  return {
    readSeries: (job, node) => columnsOf(readTail(job, node)),
    *readJob(job, { nodes, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER } = {}) {
      const isInside = ({ timeMs }: ChunkSample) => timeMs >= fromMs && timeMs <= toMs;
      const found = new Map<number, ChunkColumns>();
      for (const [node, samples] of yield* readNodes(job, nodes)) {
        const inside = samples.filter(isInside);
        if (inside.length > 0) found.set(node, columnsOf(inside));
      }
      return found;
    },
    *countJob(job) {
      return new Map((yield* readNodes(job, undefined)).map(([node, samples]) => [node, samples.length]));
    },
  };
}

const columnsOf = (samples: readonly ChunkSample[]): ChunkColumns => ({
  count: samples.length,
  times: Float64Array.from(samples, ({ timeMs }) => timeMs),
  cpu: Float64Array.from(samples, ({ cpuUsage }) => cpuUsage),
  memory: Float64Array.from(samples, ({ memoryUsageMb }) => memoryUsageMb),
  gpu: Float64Array.from(samples, ({ gpuUsage }) => gpuUsage ?? Number.NaN),
});

/** Reads what the log still holds of a job on a node, by time; samples of one millisecond in the order of arrival. */
export function tailReader(db: Database): (job: number, node: number) => ChunkSample[] {
  // Follows the chain from the newest arrival to the newest sealed one.
  const select = db.query<ChunkSample, [number, number]>(
    `WITH RECURSIVE chain (seq, previous, time, cpu, memory, gpu, sealed) AS (
       SELECT sample.seq, previous, sample.time, sample.cpu, sample.memory, sample.gpu, sealed
         FROM usage JOIN sample ON sample.seq = usage.last_sample
        WHERE usage.job = ?1 AND usage.node = ?2 AND sample.seq > sealed
        UNION ALL
       SELECT sample.seq, sample.previous, sample.time, sample.cpu, sample.memory, sample.gpu, sealed
         FROM chain JOIN sample ON sample.seq = chain.previous WHERE sample.seq > sealed)
     SELECT time AS timeMs, cpu AS cpuUsage, memory AS memoryUsageMb, gpu AS gpuUsage FROM chain ORDER BY time, seq`,
  );
  return (job, node) => select.all(job, node);
}
