import type { Database } from 'bun:sqlite';
import { judgeRun, RULES_VERSION } from '../../../domain/finding/judge.ts';
import { SEVERITIES } from '../../../domain/finding/severity.ts';
import type { Thresholds } from '../../../domain/finding/thresholds.ts';
import { hasEnded } from '../../../domain/job.ts';
import type { Run } from '../../../domain/run.ts';
import { pastRunOf } from '../../../domain/sizing/past-run.ts';
import type { JobSummary } from '../../../domain/store/samples.ts';
import { type FindingChange, jobOf, type KeptFinding, summaryOf } from '../../rows/judged.ts';
import { FIRST_ENDED } from '../../rows/states.ts';
import type { SealedRow } from '../../rows/totals.ts';
import { latestRunReader } from '../jobs/latest-run.ts';
import type { ColumnMarks } from '../jobs/row.ts';
import { SELECT_SEALED } from '../samples/totals.ts';
import { pastRunKeeper } from '../sizing/past-runs.ts';
import { nameNumberers } from '../sql/names.ts';

/** Nodes whose samples are judged, in a millisecond; a larger run is judged by its end only. */
const MAX_NODES = 1000;
const NOTHING_MEASURED: JobSummary = { whole: { samples: 0, observedSeconds: 0 }, nodes: [] };

/**
 * Keeps what rules find of ended runs, and what those say of the next ones, as long as the run is stored.
 * Inside the transaction of the group.
 */
export function findingKeeper(db: Database, thresholds: Thresholds, columns: Pick<ColumnMarks, 'mark'>) {
  const names = nameNumberers(db);
  const pastRuns = pastRunKeeper(db);
  const selectId = db.query<{ id: string }, [number]>('SELECT id FROM job WHERE seq = ?');
  const readLatest = latestRunReader(db);
  const selectPast = db.query<{ id: string; run: string }, [number]>(
    'SELECT job AS id, run FROM past_run WHERE seq = ?',
  );
  const selectSealed = db.query<SealedRow, [number]>(`${SELECT_SEALED} LIMIT ${MAX_NODES + 1}`);
  const selectKept = db.query<KeptFinding, [number]>(
    'SELECT kind, severity FROM run_finding WHERE run = ? ORDER BY kind',
  );
  const insert = db.query('INSERT INTO run_finding (run, kind, severity) VALUES (?, ?, ?)');
  const remove = db.query('DELETE FROM run_finding WHERE run = ?');

  function findRun(seq: number): { id: string; run: Run } | undefined {
    const latest = selectId.get(seq);
    if (latest) return { id: latest.id, run: readLatest(latest.id)!.run };
    const past = selectPast.get(seq);
    return past ? { id: past.id, run: JSON.parse(past.run) as Run } : undefined;
  }

  function summarize(seq: number): JobSummary {
    const rows = selectSealed.all(seq);
    return rows.length > MAX_NODES ? NOTHING_MEASURED : summaryOf(rows);
  }

  /**
   * Returns what rules find of a run, in the order of the kinds; nothing if it has not ended. Keeps what it
   * says of the next run like it.
   */
  function judge(seq: number): KeptFinding[] {
    const found = findRun(seq);
    if (!found || !hasEnded(found.run.state)) {
      pastRuns.forget(seq);
      return [];
    }
    const job = jobOf(found.id, found.run);
    const summary = summarize(seq);
    const past = pastRunOf(job, summary, thresholds);
    if (past) pastRuns.keep(seq, job, past);
    else pastRuns.forget(seq);
    const { findings } = judgeRun({ job, summary, thresholds, nowMs: job.endTimeMs ?? 0 });
    return findings
      .map(({ kind, severity }) => ({
        kind: names.numberLabel(kind),
        severity: SEVERITIES.indexOf(severity),
      }))
      .sort((one, other) => one.kind - other.kind);
  }

  return {
    /**
     * Judges a run anew, if it has ended, by those of its samples that are sealed. Returns how what is kept
     * changed; undefined if it did not.
     */
    settle(seq: number): FindingChange | undefined {
      const before = selectKept.all(seq);
      const after = judge(seq);
      if (JSON.stringify(after) === JSON.stringify(before)) return undefined;
      columns.mark(seq);
      remove.run(seq);
      for (const { kind, severity } of after) insert.run(seq, kind, severity);
      return { before, after };
    },

    /** Must be called after a rollback. */
    forget: names.forget,
  };
}

const RULES_KEY = 'note:rules';

/**
 * Lets every ended run be judged anew, in steps, if the database was last open with other rules or
 * thresholds. To be called outside of a transaction.
 */
export function judgeAnew(db: Database, thresholds: Thresholds): void {
  const key = Bun.hash.crc32(JSON.stringify([RULES_VERSION, thresholds]));
  const select = db.query<{ value: number }, [string]>('SELECT value FROM counter WHERE name = ?');
  if (select.get(RULES_KEY)?.value === key) return;
  db.transaction(() => {
    markAllRuns(db)();
    db.query('INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)').run(RULES_KEY, key);
  })();
}

/** Lets every ended run be judged anew, in steps. Returns how many ended jobs there are. */
export function markAllRuns(db: Database): () => number {
  // All jobs are seen once more.
  const forget = db.query("UPDATE counter SET value = 0 WHERE name = 'tally_seen'");
  const markPast = db.query('INSERT OR IGNORE INTO tally_due SELECT seq FROM past_run');
  const count = db.query<{ jobs: number }, []>(
    `SELECT ifnull(sum(jobs), 0) AS jobs FROM job_count WHERE node = 0 AND user = 0 AND state >= ${FIRST_ENDED}`,
  );
  return () => {
    forget.run();
    markPast.run();
    return count.get()!.jobs;
  };
}
