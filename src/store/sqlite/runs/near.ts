import type { Database } from 'bun:sqlite';
import type { Report } from '../../../domain/report.ts';
import { sluidsOf } from '../../../domain/run.ts';
import { latestRunReader, type StoredRun } from '../jobs/latest-run.ts';
import { type PastRow, readPastRow } from './past.ts';

/** Earlier runs read on each side of the time of a report, and runs that never started. */
const NEAR_RUNS = 20;
const NEVER_STARTED_RUNS = 40;

/**
 * Reads the runs of a job that a report may be about: the latest, those around its time, and those with its
 * SLUIDs. Not all, because a job of scrontab has thousands. Empty only for an unknown job.
 */
export function nearRunReader(db: Database): (report: Report) => StoredRun[] {
  const readLatest = latestRunReader(db);
  const runs = (where: string) =>
    `SELECT * FROM (SELECT seq, run FROM past_run INDEXED BY past_run_by_start WHERE job = ?1 AND ${where})`;
  const select = db.query<PastRow, [string, number, string]>(
    `${runs(`start <= ?2 ORDER BY start DESC LIMIT ${NEAR_RUNS}`)}
     UNION ${runs(`start > ?2 ORDER BY start LIMIT ${NEAR_RUNS}`)}
     UNION ${runs(`start IS NULL ORDER BY seq DESC LIMIT ${NEVER_STARTED_RUNS}`)}
     UNION SELECT past_run.seq, past_run.run FROM json_each(?3) AS wanted
       JOIN past_run INDEXED BY past_run_by_sluid ON past_run.sluid = wanted.value AND past_run.job = ?1`,
  );
  return (report) => {
    const latest = readLatest(report.id);
    if (!latest) return [];
    const timeMs = report.startTimeMs ?? report.endTimeMs ?? report.observedMs;
    const past = select.all(report.id, timeMs, JSON.stringify(sluidsOf(report))).map(readPastRow);
    return [latest, ...past];
  };
}
