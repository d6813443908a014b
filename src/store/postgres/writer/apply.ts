import { DEFAULT_THRESHOLDS } from '../../../domain/finding/thresholds.ts';
import { SeriesCache } from '../../writer/series-cache.ts';
import { ruleOf, type Write } from '../../writer/write.ts';
import { auditWriter } from '../access/audit.ts';
import { sessionWriter } from '../access/sessions.ts';
import { tokenWriter } from '../access/tokens.ts';
import { findingKeeper, markAllRuns } from '../findings/kept.ts';
import { keepRunningFindings } from '../findings/running.ts';
import { historyWriter } from '../history/retention.ts';
import { jobRowWriter } from '../jobs/row.ts';
import { jobWriter } from '../jobs/write.ts';
import { clusterHistoryWriter } from '../nodes/cluster-history.ts';
import { nodeReportWriter } from '../nodes/reports.ts';
import { noticeWriter } from '../notices/write.ts';
import { reportWriter } from '../runs/apply-reports.ts';
import { sampleWriter } from '../samples/record.ts';
import type { UnsealedCount } from '../samples/unsealed-count.ts';
import { nameNumberers } from '../sql/names.ts';
import type { Writing } from '../sql/queries.ts';
import { saveState } from '../state.ts';
import { runTallier } from '../tallies/due.ts';
import { applyWrite, type Writers } from './write.ts';

/** Builds the writers of the database, and applies writes with them. */
export function writeApplier(db: Writing, unsealed: UnsealedCount, thresholds = DEFAULT_THRESHOLDS) {
  const names = nameNumberers(db);
  // What is not cached is looked up before, because that takes a round trip.
  const series = new SeriesCache(() => []);
  const findings = findingKeeper(db, names, thresholds);
  const tallies = runTallier(db, names, findings);
  const rows = jobRowWriter(db, names, tallies);
  const samples = sampleWriter(db, series, (count) => unsealed.add(count));
  const audit = auditWriter(db);
  const nodeReports = nodeReportWriter(db);
  const clusterHistory = clusterHistoryWriter(db);
  const notices = noticeWriter(db, audit);
  const history = historyWriter(db, {
    unsealed,
    rows,
    tallies,
    audit,
    nodeReports,
    clusterHistory,
    notices,
    onJobsDeleted: () => series.forget(),
    onRollback() {
      names.forget();
      rows.forgetNames();
      tallies.forgetNames();
    },
  });
  const writers: Writers = {
    jobs: jobWriter(db, rows),
    reports: reportWriter(db, rows),
    samples,
    nodeReports,
    clusterHistory,
    notices,
    history,
    tokens: tokenWriter(db, audit),
    sessions: sessionWriter(db, audit),
    audit,
    judgeAnew: () => markAllRuns(db),
    keepRunningFindings: (found) => keepRunningFindings(db, names, found),
    saveState: (name, value) => saveState(db, name, value),
    probe: (bytes) =>
      db.send(
        `INSERT INTO probe (id, filler) VALUES (1, decode(repeat('00', $1::integer), 'hex'))
           ON CONFLICT (id) DO UPDATE SET filler = excluded.filler`,
        [bytes],
      ),
  };

  return {
    /**
     * Applies one write inside the transaction of its group; rejects with AppError when a rule refuses it.
     */
    async apply(write: Write): Promise<unknown> {
      const rule = ruleOf(write);
      if (rule.readsSamples) await samples.flush();
      for (const id of rule.forgets(write)) series.forgetJob(id);
      return applyWrite(writers, write);
    },

    /** Writes what is still buffered. To be called before the group is committed. */
    async flush(): Promise<void> {
      await samples.flush();
      await rows.flush();
      tallies.flush();
      names.makeRoom();
    },

    /** Drops what is buffered and cached. To be called after a rollback. */
    forget(): void {
      names.forget();
      rows.forget();
      tallies.forget();
      series.forget();
      samples.forget();
      nodeReports.forget();
    },
  };
}

export type WriteApplier = ReturnType<typeof writeApplier>;
