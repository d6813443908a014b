import type { FindingKind } from '../../../domain/finding/severity.ts';
import { type FindingRow, findingsByRun } from '../../rows/judged.ts';
import { RUNNING } from '../../rows/states.ts';
import type { Queries } from '../sql/queries.ts';

/**
 * Reads what is kept of the findings of jobs by their numbers, the worst first; a job without any is left
 * out.
 */
export async function readFindings(
  db: Queries,
  seqs: readonly number[],
): Promise<Map<number, FindingKind[]>> {
  const rows = await db.all<FindingRow>(
    `SELECT run, label.name AS kind, severity FROM (
       SELECT run, kind, severity FROM job JOIN run_finding ON run = seq
        WHERE seq = ANY($1::bigint[]) AND state <> ${RUNNING}
       UNION ALL
       SELECT run, kind, severity FROM job JOIN running_finding ON run = seq
        WHERE seq = ANY($1::bigint[]) AND state = ${RUNNING}) AS kept JOIN label ON label.id = kind`,
    [seqs],
  );
  return findingsByRun(rows);
}
