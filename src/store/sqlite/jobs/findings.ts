import type { Database } from 'bun:sqlite';
import type { FindingKind } from '../../../domain/finding/severity.ts';
import { type FindingRow, findingsByRun } from '../../rows/judged.ts';
import { RUNNING } from '../../rows/states.ts';

/**
 * Finds what is kept of the findings of jobs by their numbers, given as a JSON array, the worst first; a job
 * without any is left out.
 */
export function findingReader(db: Database): (wanted: string) => Map<number, FindingKind[]> {
  const kind = '(SELECT name FROM label WHERE id = kind) AS kind';
  const select = db.query<FindingRow, [string]>(
    `WITH wanted AS MATERIALIZED (
       SELECT job.seq, job.state FROM json_each(?) AS given CROSS JOIN job ON job.seq = given.value)
     SELECT run, ${kind}, severity FROM wanted CROSS JOIN run_finding ON run = seq WHERE state <> ${RUNNING}
      UNION ALL
     SELECT run, ${kind}, severity FROM wanted CROSS JOIN running_finding ON run = seq WHERE state = ${RUNNING}`,
  );
  return (wanted) => findingsByRun(select.all(wanted));
}
