import type { Report } from '../../../domain/report.ts';
import { sluidsOf } from '../../../domain/run.ts';
import { readLatestRun, type StoredRun } from '../jobs/latest-run.ts';
import type { Queries } from '../sql/queries.ts';
import { type PastRow, readPastRow } from './past.ts';

/** Earlier runs read on each side of the time of a report, and runs that never started. */
const NEAR_RUNS = 20;
const NEVER_STARTED_RUNS = 40;

const runs = (where: string) => `(SELECT seq, run FROM past_run WHERE job = $1 AND ${where})`;
const SELECT = `${runs(`start <= $2::bigint ORDER BY start DESC LIMIT ${NEAR_RUNS}`)}
  UNION ${runs(`start > $2::bigint ORDER BY start LIMIT ${NEAR_RUNS}`)}
  UNION ${runs(`start IS NULL ORDER BY seq DESC LIMIT ${NEVER_STARTED_RUNS}`)}
  UNION ${runs('sluid = ANY($3::text[])')}`;

/**
 * Reads the runs of a job that a report may be about: the latest, those around its time, and those with its
 * SLUIDs. Not all, because a job of scrontab has thousands. Empty only for an unknown job.
 */
export async function readNearRuns(db: Queries, report: Report): Promise<StoredRun[]> {
  const latest = await readLatestRun(db, report.id);
  if (!latest) return [];
  const timeMs = report.startTimeMs ?? report.endTimeMs ?? report.observedMs;
  const past = await db.all<PastRow>(SELECT, [report.id, timeMs, sluidsOf(report)]);
  return [latest, ...past.map(readPastRow)];
}
