import type { Database } from 'bun:sqlite';
import type { ChunkSample } from './chunk.ts';

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
