import type { Writing } from '../sql/queries.ts';

/** Deletes the rows of a job, and everything else of it unless its run is kept as an earlier one. */
export async function deleteJob(db: Writing, seq: number): Promise<void> {
  const isKept = (await db.get('SELECT 1 FROM past_run WHERE seq = $1::bigint', [seq])) !== undefined;
  db.send('DELETE FROM job_node WHERE job = $1::bigint', [seq]);
  db.send('DELETE FROM detail WHERE job = $1::bigint', [seq]);
  const job = await db.get<{ id: string }>('DELETE FROM job WHERE seq = $1::bigint RETURNING id', [seq]);
  if (isKept || !job) return;
  const past = await db.all<{ seq: number }>('DELETE FROM past_run WHERE job = $1 RETURNING seq', [job.id]);
  db.send('DELETE FROM event WHERE job = $1', [job.id]);
  leaveRuns(db, [seq, ...past.map((run) => run.seq)]);
}

/** Leaves the samples of runs, and of those that are part of them, to be deleted step by step. */
export function leaveRuns(db: Writing, runs: readonly number[]): void {
  const joined = 'SELECT run FROM joined_run WHERE owner = ANY($1::bigint[])';
  db.send(
    `INSERT INTO leftover_run SELECT * FROM unnest($1::bigint[]) UNION ${joined} ON CONFLICT DO NOTHING`,
    [runs],
  );
  for (const statement of [
    `DELETE FROM later_sluid WHERE run = ANY($1::bigint[]) OR run IN (${joined})`,
    'DELETE FROM joined_run WHERE owner = ANY($1::bigint[])',
  ])
    db.send(statement, [runs]);
  forgetResults(db, runs);
}

/** Deletes what runs added to tallies, which keep it, and what was found of them. */
export function forgetResults(db: Writing, runs: readonly number[]): void {
  for (const table of ['tallied', 'tallied_node', 'tally_due', 'sizing_run'])
    db.send(`DELETE FROM ${table} WHERE run = ANY($1::bigint[])`, [runs]);
  dropFindings(db, runs);
}

/** Deletes the findings of runs, and counts them no longer. */
export const dropFindings = (db: Writing, runs: readonly number[]): void =>
  db.send(
    `WITH gone AS (DELETE FROM run_finding WHERE run = ANY($1::bigint[]) RETURNING kind, severity)
     INSERT INTO finding_count (kind, severity, runs) SELECT kind, severity, -count(*) FROM gone GROUP BY kind, severity
       ON CONFLICT (kind, severity) DO UPDATE SET runs = finding_count.runs + excluded.runs`,
    [runs],
  );
