import type { Database } from 'bun:sqlite';

/**
 * The numbers that the samples of the run `?1` carry, for `IN`: its own, and those of runs that turned out to
 * be part of it.
 */
export const OWN_RUNS = '(SELECT ?1 UNION ALL SELECT run FROM joined_run WHERE owner = ?1)';

/**
 * Gives the samples of a run to the run that it turned out to be part of, inside the transaction of the
 * group.
 *
 * Samples stay where they are, under the number of the joined run, where OWN_RUNS finds them. What lists,
 * `/metrics` and new samples read is under the number of the owner alone: it gets a row of `usage` for each
 * node of the joined run, with the times of all samples of both and the newer usage. So joining runs of
 * 10,000 nodes takes 25 to 45 ms, however many samples they have; giving the chunks of a day another number
 * took 500 to 800.
 */
export function sampleJoiner(db: Database): (run: number, owner: number, nodes: readonly string[]) => void {
  const moveJoined = db.query('UPDATE joined_run SET owner = ?2 WHERE owner = ?1');
  const insertJoined = db.query('INSERT INTO joined_run (run, owner) VALUES (?, ?)');
  const either = (choose: 'min' | 'max', column: string) =>
    `${column} = ${choose}(ifnull(${column}, excluded.${column}), ifnull(excluded.${column}, ${column}))`;
  // A new series starts behind the last row of the log, as in `sampleAppender`.
  const joinUsage = db.query(
    `INSERT INTO usage (job, node, sealed, oldest)
       SELECT ?2, node, (SELECT ifnull(max(seq), 0) FROM log), oldest FROM usage WHERE job = ?1
       ON CONFLICT (job, node) DO UPDATE SET ${either('min', 'oldest')}`,
  );
  const isNewer = 'excluded.time > time';
  const newer = (column: string) => `${column} = iif(${isNewer}, excluded.${column}, ${column})`;
  // As `applySample` does, a newer usage without GPU keeps the GPU of the older one.
  const newerGpu = `gpu = iif(${isNewer}, ifnull(excluded.gpu, gpu), ifnull(gpu, excluded.gpu))`;
  const joinLatest = db.query(
    `INSERT INTO latest (usage, time, cpu, memory, gpu, newest)
       SELECT owned.id, time, cpu, memory, gpu, newest
         FROM usage JOIN latest ON latest.usage = usage.id
         JOIN usage AS owned ON owned.job = ?2 AND owned.node = usage.node WHERE usage.job = ?1
       ON CONFLICT (usage) DO UPDATE SET
         ${['time', 'cpu', 'memory'].map(newer).join(', ')}, ${newerGpu}, ${either('max', 'newest')}`,
  );
  // A node that the run no longer has keeps its samples, but it has no current usage.
  const blankOthers = db.query(
    `UPDATE latest SET cpu = NULL, memory = NULL, gpu = NULL WHERE usage IN (
       SELECT id FROM usage WHERE job = ? AND node NOT IN (
         SELECT node.id FROM json_each(?) AS listed JOIN node ON node.name = listed.value))`,
  );
  return (run, owner, nodes) => {
    moveJoined.run(run, owner);
    insertJoined.run(run, owner);
    joinUsage.run(run, owner);
    joinLatest.run(run, owner);
    blankOthers.run(owner, JSON.stringify(nodes));
  };
}
