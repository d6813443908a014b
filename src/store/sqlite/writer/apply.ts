import type { Database } from 'bun:sqlite';
import { DEFAULT_THRESHOLDS } from '../../../domain/finding/thresholds.ts';
import { SeriesCache } from '../../writer/series-cache.ts';
import { ruleOf, type Write } from '../../writer/write.ts';
import { auditWriter } from '../access/audit.ts';
import { sessionWriter } from '../access/sessions.ts';
import { tokenWriter } from '../access/tokens.ts';
import { columnKeeper } from '../columns/keep.ts';
import { runningFindingKeeper } from '../findings/keep-running.ts';
import { findingKeeper, markAllRuns } from '../findings/kept.ts';
import { historyWriter } from '../history/retention.ts';
import { jobRowWriter } from '../jobs/row.ts';
import { jobWriter } from '../jobs/write.ts';
import { clusterHistoryWriter } from '../nodes/cluster-history.ts';
import { nodeReportWriter } from '../nodes/reports.ts';
import { noticeWriter } from '../notices/write.ts';
import { reportWriter } from '../runs/apply-reports.ts';
import { logWriter } from '../samples/log.ts';
import { sampleWriter } from '../samples/record.ts';
import { seriesFinder } from '../samples/series.ts';
import { stateWriter } from '../state.ts';
import { runTallier } from '../tallies/due.ts';
import { applyWrite, type Writers } from './write.ts';

interface WriteApplier {
  /** Applies one write inside the transaction of its group; throws AppError when a rule refuses it. */
  apply(write: Write): unknown;
  /** Writes what is still buffered. To be called before the group is committed. */
  flush(): void;
  /** Drops what is buffered and cached. To be called after a rollback. */
  forget(): void;
  /** Returns how many samples wait to be sealed, as far as it is known. */
  countUnsealed(): number;
}

/** Builds the writers of the database, and applies writes with them. */
export function writeApplier(db: Database, thresholds = DEFAULT_THRESHOLDS): WriteApplier {
  const series = new SeriesCache(seriesFinder(db));
  const columns = columnKeeper(db);
  const findings = findingKeeper(db, thresholds, columns);
  const runningFindings = runningFindingKeeper(db);
  const tallies = runTallier(db, findings);
  const rows = jobRowWriter(db, tallies, columns);
  const log = logWriter(db);
  const samples = sampleWriter(db, series, log, columns.markMeasured);
  const audit = auditWriter(db);
  const nodeReports = nodeReportWriter(db);
  const clusterHistory = clusterHistoryWriter(db);
  const notices = noticeWriter(db, audit);
  const history = historyWriter(db, log, {
    rows,
    tallies,
    columns,
    audit,
    nodeReports,
    clusterHistory,
    notices,
    onJobsDeleted: () => series.forget(),
  });
  const insertProbe = db.query('INSERT OR REPLACE INTO probe (id, filler) VALUES (1, zeroblob(?))');
  const sessions = sessionWriter(db, audit);
  const writers: Writers = {
    jobs: jobWriter(db, rows),
    reports: reportWriter(db, rows),
    samples,
    nodeReports,
    clusterHistory,
    history,
    tokens: tokenWriter(db, audit),
    sessions,
    audit,
    judgeAnew: markAllRuns(db),
    runningFindings,
    saveState: stateWriter(db),
    notices,
    probe: (bytes) => void insertProbe.run(bytes),
  };

  return {
    apply(write) {
      const rule = ruleOf(write);
      if (rule.readsSamples) samples.flush();
      for (const id of rule.forgets(write)) series.forgetJob(id);
      return applyWrite(writers, write);
    },
    flush() {
      samples.flush();
      rows.flush();
      tallies.flush();
    },
    forget() {
      rows.forget();
      tallies.forget();
      findings.forget();
      runningFindings.forget();
      columns.forget();
      series.forget();
      samples.forget();
      history.forget();
      nodeReports.forget();
      sessions.forget();
    },
    countUnsealed: log.countSamples,
  };
}
