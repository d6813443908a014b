import type { Sight } from '../../../domain/caller.ts';
import { jobNotFound, noSuchRun } from '../../../domain/errors.ts';
import type { Job } from '../../../domain/job.ts';
import { orderRuns } from '../../../domain/match.ts';
import { closeRun, type Run } from '../../../domain/run.ts';
import { isSeen } from '../../../domain/sight.ts';
import { type FoundRun, formatRun, jobOfRun, parseRun } from '../../rows/past-run.ts';
import { readUsage } from '../jobs/complete.ts';
import { laterSluidWriter } from '../jobs/later-sluids.ts';
import { readLatestRun, readNodeNames, type StoredRun } from '../jobs/latest-run.ts';
import { forgetResults, leaveRuns } from '../jobs/leave.ts';
import { findOwner, requireLatest, requireRuns } from '../jobs/owners.ts';
import { readJob } from '../jobs/read.ts';
import type { Queries, Writing } from '../sql/queries.ts';

export interface PastRow {
  readonly seq: number;
  readonly run: string;
}

export const readPastRow = ({ seq, run }: PastRow): StoredRun => ({
  seq,
  isLatest: false,
  run: parseRun(run),
});

/** Reads all runs of a job, the oldest first. */
async function readAllRuns(db: Queries, id: string): Promise<StoredRun[]> {
  const latest = await readLatestRun(db, id);
  if (!latest) return [];
  const past = await db.all<PastRow>('SELECT seq, run FROM past_run WHERE job = $1', [id]);
  return orderRuns([latest, ...past.map(readPastRow)], ({ run }) => run);
}

const findSeq = async (db: Queries, id: string): Promise<number | undefined> =>
  (await db.get<{ seq: number }>('SELECT seq FROM job WHERE id = $1', [id]))?.seq;

/**
 * Finds a run of a job by its number, from 1, the oldest; the latest if omitted. Throws `not_found`, also if
 * the run is not to be seen.
 */
export async function findRun(
  db: Queries,
  id: string,
  number: number | undefined,
  sight: Sight,
): Promise<FoundRun> {
  if (number === undefined) await requireLatest(db, id, sight);
  else await requireRuns(db, id, sight);
  const seq = await findSeq(db, id);
  if (seq === undefined) throw jobNotFound(id);
  if (number === undefined) return { seq, nodes: await readNodeNames(db, seq) };
  const runs = await readAllRuns(db, id);
  const found = runs[number - 1];
  if (!found || !isSeen(sight, found.run)) {
    const isAllSeen = runs.every(({ run }) => isSeen(sight, run));
    throw noSuchRun(id, number, isAllSeen ? runs.length : undefined);
  }
  return { seq: found.seq, nodes: found.run.nodes ?? [] };
}

/** Returns the number of the latest run of a job; undefined for one that is unknown or not to be seen. */
export async function findLatestSeq(db: Queries, id: string, sight: Sight): Promise<number | undefined> {
  if (sight !== 'all') {
    const owner = await findOwner(db, id);
    if (!owner || !isSeen(sight, owner)) return undefined;
  }
  return findSeq(db, id);
}

interface ListedRun {
  /** Counts from 1, the oldest run, those that are not to be seen included. */
  readonly number: number;
  /** The number that its samples carry. */
  readonly seq: number;
  readonly job: Job;
}

/** Reads all runs of a job that are to be seen as jobs, the oldest first. Throws `not_found`. */
export async function listRuns(db: Queries, id: string, sight: Sight): Promise<ListedRun[]> {
  await requireRuns(db, id, sight);
  const runs = await readAllRuns(db, id);
  if (runs.length === 0) throw jobNotFound(id);
  const usage = await readUsage(
    db,
    runs.map(({ seq }) => seq),
  );
  const listed: ListedRun[] = [];
  for (const [index, { seq, run, isLatest }] of runs.entries()) {
    if (!isSeen(sight, run)) continue;
    const next = runs[index + 1]?.run;
    const job = isLatest
      ? await readJob(db, id)
      : jobOfRun(id, next ? closeRun(run, next) : run, usage.get(seq) ?? []);
    listed.push({ number: index + 1, seq, job });
  }
  return listed;
}

/** Writes earlier runs, inside the transaction of the group. */
export function pastRunWriter(db: Writing) {
  const saveLaterSluids = laterSluidWriter(db);

  /** Runs that were never the latest count downwards, because they have no samples. */
  async function nextSeq(): Promise<number> {
    const row = await db.get<{ seq: number | null }>('SELECT min(seq) AS seq FROM past_run');
    return Math.min(0, row?.seq ?? 0) - 1;
  }

  return {
    /**
     * Saves a run under its number, or under a new one, and returns the number; `reportedMs` is the time of
     * the report that changed it.
     */
    async save(known: number | undefined, id: string, run: Run, reportedMs: number): Promise<number> {
      const seq = known ?? (await nextSeq());
      db.send(
        `INSERT INTO past_run (seq, job, run, told, "user", account, start, sluid, verdict)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           ON CONFLICT (seq) DO UPDATE SET job = excluded.job, run = excluded.run, told = excluded.told,
             "user" = excluded.user, account = excluded.account, start = excluded.start, sluid = excluded.sluid,
             verdict = excluded.verdict`,
        [
          ...[seq, id, formatRun(run), reportedMs, run.user ?? null, run.account ?? null],
          ...[run.startTimeMs ?? null, run.sluid ?? null, run.provenance.verdict],
        ],
      );
      saveLaterSluids(seq, run.otherSluids);
      return seq;
    },

    /**
     * Deletes a run; its samples are deleted in later steps, unless it is a job or part of another run now.
     */
    async delete(seq: number): Promise<void> {
      if ((await db.change('DELETE FROM past_run WHERE seq = $1::bigint', [seq])) === 0) return;
      const { isJob, isJoined } = (await db.get<{ isJob: boolean; isJoined: boolean }>(
        `SELECT EXISTS (SELECT 1 FROM job WHERE seq = $1::bigint) AS "isJob",
                EXISTS (SELECT 1 FROM joined_run WHERE run = $1::bigint) AS "isJoined"`,
        [seq],
      ))!;
      if (isJob) return;
      if (!isJoined) return leaveRuns(db, [seq]);
      forgetResults(db, [seq]);
    },
  };
}
