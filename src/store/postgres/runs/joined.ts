import type { Writing } from '../sql/queries.ts';

/**
 * The numbers that the samples of the run `$1` carry, for `IN`: its own, and those of runs that turned out to
 * be part of it.
 */
export const OWN_RUNS = '(SELECT $1::bigint UNION ALL SELECT run FROM joined_run WHERE owner = $1::bigint)';

/**
 * Gives the samples of a run to the run that it turned out to be part of, inside the transaction of the
 * group. Samples stay under the number of the joined run, where OWN_RUNS finds them. What lists, `/metrics`
 * and new samples read is under the number of the owner alone: it gets a row of `usage` for each node of the
 * joined run, with the times of all samples of both and the newer usage.
 */
export const sampleJoiner =
  (db: Writing) =>
  (run: number, owner: number, nodes: readonly string[]): void => {
    db.send('UPDATE joined_run SET owner = $2::bigint WHERE owner = $1::bigint', [run, owner]);
    db.send('INSERT INTO joined_run (run, owner) VALUES ($1, $2)', [run, owner]);
    db.send(
      `INSERT INTO usage (job, node, oldest) SELECT $2::bigint, node, oldest FROM usage WHERE job = $1::bigint
         ON CONFLICT (job, node) DO UPDATE SET oldest = least(usage.oldest, excluded.oldest)`,
      [run, owner],
    );
    const newer = (column: string) =>
      `${column} = CASE WHEN excluded.time > latest.time THEN excluded.${column} ELSE latest.${column} END`;
    // As `applySample` does, a newer usage without GPU keeps the GPU of the older one.
    const newerGpu = `gpu = CASE WHEN excluded.time > latest.time THEN coalesce(excluded.gpu, latest.gpu)
      ELSE coalesce(latest.gpu, excluded.gpu) END`;
    db.send(
      `INSERT INTO latest (usage, time, cpu, memory, gpu, newest)
         SELECT owned.id, time, cpu, memory, gpu, newest
           FROM usage JOIN latest ON latest.usage = usage.id
           JOIN usage AS owned ON owned.job = $2::bigint AND owned.node = usage.node WHERE usage.job = $1::bigint
         ON CONFLICT (usage) DO UPDATE SET
           ${['time', 'cpu', 'memory'].map(newer).join(', ')}, ${newerGpu},
           newest = greatest(latest.newest, excluded.newest)`,
      [run, owner],
    );
    // A node that the run no longer has keeps its samples, but it has no current usage.
    db.send(
      `UPDATE latest SET cpu = NULL, memory = NULL, gpu = NULL WHERE usage IN (
         SELECT id FROM usage WHERE job = $1::bigint AND node NOT IN (
           SELECT node_name.id FROM node_name WHERE name = ANY($2::text[])))`,
      [owner, nodes],
    );
  };
