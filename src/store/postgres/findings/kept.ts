import { judgeRun, RULES_VERSION } from '../../../domain/finding/judge.ts';
import { SEVERITIES } from '../../../domain/finding/severity.ts';
import type { Thresholds } from '../../../domain/finding/thresholds.ts';
import { hasEnded } from '../../../domain/job.ts';
import type { Run } from '../../../domain/run.ts';
import { pastRunOf } from '../../../domain/sizing/past-run.ts';
import type { JobSummary } from '../../../domain/store/samples.ts';
import { type FindingChange, jobOf, type KeptFinding, summaryOf } from '../../rows/judged.ts';
import { FIRST_ENDED } from '../../rows/states.ts';
import { readLatestRun } from '../jobs/latest-run.ts';
import { dropFindings } from '../jobs/leave.ts';
import { readSealed } from '../samples/totals.ts';
import { forgetPastRun, keepPastRun } from '../sizing/past-runs.ts';
import type { NameNumberers } from '../sql/names.ts';
import type { Queries, Writing } from '../sql/queries.ts';

/** Nodes whose samples are judged; a larger run is judged by its end only. */
const MAX_NODES = 1000;
const NOTHING_MEASURED: JobSummary = { whole: { samples: 0, observedSeconds: 0 }, nodes: [] };

async function findRun(db: Queries, seq: number): Promise<{ id: string; run: Run } | undefined> {
  const latest = await db.get<{ id: string }>('SELECT id FROM job WHERE seq = $1::bigint', [seq]);
  if (latest) return { id: latest.id, run: (await readLatestRun(db, latest.id))!.run };
  const past = await db.get<{ id: string; run: string }>(
    'SELECT job AS id, run FROM past_run WHERE seq = $1::bigint',
    [seq],
  );
  return past && { id: past.id, run: JSON.parse(past.run) as Run };
}

/**
 * Keeps what rules find of ended runs, and what those say of the next ones, as long as the run is stored.
 * Inside the transaction of the group.
 */
export function findingKeeper(db: Writing, names: NameNumberers, thresholds: Thresholds) {
  /**
   * Returns what rules find of a run, in the order of the kinds; nothing if it has not ended. Keeps what it
   * says of the next run like it.
   */
  async function judge(seq: number): Promise<KeptFinding[]> {
    const found = await findRun(db, seq);
    if (!found || !hasEnded(found.run.state)) {
      forgetPastRun(db, seq);
      return [];
    }
    const job = jobOf(found.id, found.run);
    const sealed = await readSealed(db, seq, MAX_NODES + 1);
    const summary = sealed.length > MAX_NODES ? NOTHING_MEASURED : summaryOf(sealed);
    const past = pastRunOf(job, summary, thresholds);
    if (past) keepPastRun(db, seq, job, past);
    else forgetPastRun(db, seq);
    const { findings } = judgeRun({ job, summary, thresholds, nowMs: job.endTimeMs ?? 0 });
    await names.learnLabels(findings.map(({ kind }) => kind));
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
    async settle(seq: number): Promise<FindingChange | undefined> {
      const before = await db.all<KeptFinding>(
        'SELECT kind, severity FROM run_finding WHERE run = $1::bigint ORDER BY kind',
        [seq],
      );
      const after = await judge(seq);
      if (JSON.stringify(after) === JSON.stringify(before)) return undefined;
      dropFindings(db, [seq]);
      db.send(
        `WITH kept AS (
           INSERT INTO run_finding (run, kind, severity)
             SELECT $1::bigint, * FROM unnest($2::integer[], $3::smallint[]) RETURNING kind, severity)
         INSERT INTO finding_count (kind, severity, runs) SELECT kind, severity, 1 FROM kept
           ON CONFLICT (kind, severity) DO UPDATE SET runs = finding_count.runs + 1`,
        [seq, after.map(({ kind }) => kind), after.map(({ severity }) => severity)],
      );
      return { before, after };
    },
  };
}

const RULES_KEY = 'note:rules';

/**
 * Lets every ended run be judged anew, in steps, if the database was last open with other rules or
 * thresholds.
 */
export async function judgeAnew(db: Writing, thresholds: Thresholds): Promise<void> {
  const key = Bun.hash.crc32(JSON.stringify([RULES_VERSION, thresholds]));
  const known = await db.get<{ value: number }>('SELECT value FROM counter WHERE name = $1', [RULES_KEY]);
  if (known?.value === key) return;
  await db.change('BEGIN');
  await markAllRuns(db);
  db.send(
    'INSERT INTO counter (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    [RULES_KEY, key],
  );
  await db.settle();
  await db.change('COMMIT');
}

/** Lets every ended run be judged anew, in steps. Returns how many ended jobs there are. */
export async function markAllRuns(db: Writing): Promise<number> {
  // All jobs are seen once more.
  db.send("UPDATE counter SET value = 0 WHERE name = 'tally_seen'");
  db.send('INSERT INTO tally_due SELECT seq FROM past_run ON CONFLICT DO NOTHING');
  const row = await db.get<{ jobs: number }>(
    `SELECT coalesce(sum(jobs), 0)::bigint AS jobs FROM job_count
      WHERE node = 0 AND job_count.user = 0 AND state >= ${FIRST_ENDED}`,
  );
  return row!.jobs;
}
