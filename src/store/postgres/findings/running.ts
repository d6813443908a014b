import { readCourses } from '../../../domain/finding/courses.ts';
import { judgeRun } from '../../../domain/finding/judge.ts';
import { readNodeSizes } from '../../../domain/finding/node-sizes.ts';
import { type FindingKind, SEVERITIES } from '../../../domain/finding/severity.ts';
import type { Thresholds } from '../../../domain/finding/thresholds.ts';
import type { JudgedJobs } from '../../../domain/store/upkeep.ts';
import type { JobRow } from '../../rows/complete-job.ts';
import { type FoundRun, keyOfFindings } from '../../rows/judged.ts';
import { RUNNING } from '../../rows/states.ts';
import { completeJobs, JOB_COLUMNS } from '../jobs/complete.ts';
import { readFindings } from '../jobs/findings.ts';
import { readNodeReport } from '../nodes/reports.ts';
import { plotReadings, readSummary } from '../samples/read.ts';
import type { NameNumberers } from '../sql/names.ts';
import type { Queries, Writing } from '../sql/queries.ts';

const START: readonly [startTimeMs: number, seq: number] = [Number.MIN_SAFE_INTEGER, 0];

/**
 * Judges running jobs round by round, some at each step, each by all of its samples. Returns what it found of
 * jobs that differs from what is kept, to be written.
 */
export function runningJudge(thresholds: Thresholds) {
  let after = START;
  return async (
    db: Queries,
    nowMs: number,
    limit: number,
  ): Promise<JudgedJobs & { readonly found: readonly FoundRun[] }> => {
    const rows = await db.all<JobRow>(
      `SELECT ${JOB_COLUMNS} FROM job WHERE state = ${RUNNING} AND (start_time, seq) > ($1::bigint, $2::bigint)
        ORDER BY start_time, seq LIMIT $3::integer`,
      [...after, limit],
    );
    const kept = await readFindings(
      db,
      rows.map(({ seq }) => seq),
    );
    const found: FoundRun[] = [];
    for (const [place, job] of (await completeJobs(db, rows)).entries()) {
      const { seq: run, id } = rows[place]!;
      const summary = await readSummary(db, id, undefined, 'all');
      const nodeSizes = await readNodeSizes({ nodeReport: (node) => readNodeReport(db, node) }, job);
      const courses = await readCourses(
        job,
        { nowMs, thresholds },
        async (query, maxPoints) => (await plotReadings(db, id, query, maxPoints, 'all')).points,
      );
      const { findings } = judgeRun({ job, summary, nodeSizes, ...courses, thresholds, nowMs });
      if (keyOfFindings(findings) === keyOfFindings(kept.get(run) ?? [])) continue;
      found.push({ run, findings: findings.map(({ kind, severity }) => ({ kind, severity })) });
    }
    const last = rows.at(-1);
    const isLast = rows.length < limit;
    after = isLast || !last ? START : [last.start_time, last.seq];
    return { jobs: rows.length, changed: found.length, isLast, found };
  };
}

/** Replaces what is kept of running jobs, and deletes what is left of others, inside the transaction. */
export async function keepRunningFindings(
  db: Writing,
  names: NameNumberers,
  found: readonly FoundRun[],
): Promise<void> {
  await names.learnLabels(found.flatMap(({ findings }) => findings.map(({ kind }) => kind)));
  const rows = found.flatMap(({ run, findings }) =>
    findings.map(({ kind, severity }: FindingKind) => ({
      run,
      kind: names.numberLabel(kind),
      severity: SEVERITIES.indexOf(severity),
    })),
  );
  db.send(
    `DELETE FROM running_finding
      WHERE run = ANY($1::bigint[]) OR NOT EXISTS (SELECT 1 FROM job WHERE seq = run AND state = ${RUNNING})`,
    [found.map(({ run }) => run)],
  );
  db.send(
    `INSERT INTO running_finding (run, kind, severity)
       SELECT given.run, given.kind, given.severity
         FROM unnest($1::bigint[], $2::integer[], $3::smallint[]) AS given (run, kind, severity)
         JOIN job ON job.seq = given.run AND job.state = ${RUNNING}`,
    [rows.map(({ run }) => run), rows.map(({ kind }) => kind), rows.map(({ severity }) => severity)],
  );
}
