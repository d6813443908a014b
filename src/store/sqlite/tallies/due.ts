import type { Database } from 'bun:sqlite';
import { keepHoursFrom } from '../../../domain/tally/spans.ts';
import type { FindingChange } from '../../rows/judged.ts';
import type { RunTallies } from '../jobs/row.ts';
import { talliedRuns } from './tallied.ts';

/** Runs tallied at once: some milliseconds, with the tallies that are written at their end. */
const RUNS_AT_ONCE = 40;

/** New jobs a second, and beyond them, from which jobs are loaded in bulk: tallying waits for the end. */
const BULK_RATE = 1000;
const BULK_JOBS = 100;

/** Keeps what rules find of runs. */
interface FindingKeeper {
  /** Returns how the findings changed; undefined if they did not. */
  settle(run: number): FindingChange | undefined;
}

/** Isolates the failure of one run. */
interface SetAside {
  attempt(key: string, what: () => string, work: () => void): void;
}

/**
 * Tallies runs soon after they ended or changed, and again when samples of them are sealed. Jobs are also
 * looked at once in the order of their numbers: new rows are of jobs that are still to be seen.
 */
export function runTallier(db: Database, findings: FindingKeeper) {
  const tallied = talliedRuns(db);
  const mark = db.query('INSERT OR IGNORE INTO tally_due VALUES (?)');
  const markSealed = db.query(
    `INSERT OR IGNORE INTO tally_due
       SELECT run FROM tallied WHERE run = ifnull((SELECT owner FROM joined_run WHERE run = ?1), ?1)`,
  );
  const unmark = db.query('DELETE FROM tally_due WHERE run = ?');
  const selectMark = db.query<unknown, [number]>('SELECT 1 FROM tally_due WHERE run = ?');
  const selectDue = db.query<{ run: number }, []>(`SELECT run FROM tally_due LIMIT ${RUNS_AT_ONCE}`);
  const selectJobs = db.query<{ seq: number; end_time: number | null }, [number]>(
    `SELECT seq, end_time FROM job WHERE seq > ? ORDER BY seq LIMIT ${RUNS_AT_ONCE}`,
  );
  const selectCounter = db.query<{ value: number }, [string]>('SELECT value FROM counter WHERE name = ?');
  const saveCounter = db.query('UPDATE counter SET value = ?2 WHERE name = ?1');
  const selectLastSeq = db.query<{ seq: number }, []>("SELECT seq FROM sqlite_sequence WHERE name = 'job'");
  const selectPast = db.query<{ seq: number }, [number]>(
    `SELECT past_run.seq FROM job JOIN past_run ON past_run.job = job.id JOIN tally_due ON tally_due.run = past_run.seq
      WHERE job.seq = ?`,
  );
  const selectIsPast = db.query<unknown, [number]>('SELECT 1 FROM past_run WHERE seq = ?');
  const selectOldHour = db.query<{ start: number | null }, []>(
    'SELECT min(start) AS start FROM tally WHERE hours = 1',
  );
  const dropHour = db.query('DELETE FROM tally WHERE hours = 1 AND start = ?');
  const dropFindingsOfHour = db.query('DELETE FROM finding_tally WHERE hours = 1 AND start = ?');
  let lastStep: { readonly seq: number; readonly timeMs: number } | undefined;
  const counter = (name: string): number => selectCounter.get(name)!.value;

  function settleAside(run: number, aside: SetAside): void {
    aside.attempt(
      `tally ${run}`,
      () => `Run ${run} could not be tallied`,
      () => void tallied.settle(run),
    );
    aside.attempt(
      `judge ${run}`,
      () => `Run ${run} could not be judged`,
      () => {
        const change = findings.settle(run);
        if (change) tallied.changeFindings(run, change);
      },
    );
  }

  /** Tallies runs that are due; returns whether there may be more. */
  function settleDue(aside: SetAside, isOver: () => boolean): boolean {
    const due = selectDue.all();
    for (const { run } of due) {
      settleAside(run, aside);
      unmark.run(run);
      if (isOver()) return true;
    }
    return due.length === RUNS_AT_ONCE;
  }

  /** Returns whether so many jobs came since the last step that theirs would be slower for this one. */
  function isLoading(nowMs: number): boolean {
    const before = lastStep;
    const seq = selectLastSeq.get()?.seq ?? 0;
    lastStep = { seq, timeMs: nowMs };
    if (!before) return false;
    const seconds = Math.max(0, nowMs - before.timeMs) / 1000;
    return seq - before.seq > BULK_JOBS + BULK_RATE * seconds;
  }

  /** Tallies ended jobs that have not been seen yet; returns whether there may be more. */
  function seeJobs(aside: SetAside, isOver: () => boolean): boolean {
    const seen = counter('tally_seen');
    let last = seen;
    const jobs = selectJobs.all(seen);
    for (const { seq, end_time } of jobs) {
      if (end_time !== null) settleAside(seq, aside);
      last = seq;
      if (isOver()) break;
    }
    if (last !== seen) saveCounter.run('tally_seen', last);
    return last !== seen;
  }

  function dropHours(nowMs: number): boolean {
    const from = Math.max(keepHoursFrom(nowMs), counter('tally_hours_from'));
    if (from !== counter('tally_hours_from')) saveCounter.run('tally_hours_from', from);
    const { start } = selectOldHour.get()!;
    if (start === null || start >= from) return false;
    dropHour.run(start);
    dropFindingsOfHour.run(start);
    return true;
  }

  const isUnsettled = (run: number): boolean =>
    selectMark.get(run) !== null || (run > counter('tally_seen') && !tallied.has(run));

  const rules: RunTallies = {
    mark: (run) => void mark.run(run),

    join(run) {
      tallied.takeAway(run);
      unmark.run(run);
    },

    settleDeleted(seq) {
      // The run goes on as an earlier one.
      if (selectIsPast.get(seq)) return;
      for (const run of [seq, ...selectPast.all(seq).map((past) => past.seq)]) {
        if (!isUnsettled(run)) continue;
        tallied.settle(run);
        unmark.run(run);
      }
    },
  };

  return {
    ...rules,

    /** To be called when samples of a run have been sealed: only those are tallied. */
    markSealed: (run: number): void => void markSealed.run(run),

    /** Does some of what is due, until `isOver`; returns whether there may be more. */
    step(nowMs: number, aside: SetAside, isOver: () => boolean): boolean {
      const isLeft = [
        dropHours(nowMs),
        settleDue(aside, isOver),
        !isLoading(nowMs) && seeJobs(aside, isOver),
      ];
      return isLeft.includes(true);
    },

    flush: tallied.flush,
    forget: tallied.forget,
  };
}

export type RunTallier = ReturnType<typeof runTallier>;
