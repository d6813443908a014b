import { keepHoursFrom } from '../../../domain/tally/spans.ts';
import type { FindingChange } from '../../rows/judged.ts';
import type { RunTallies } from '../jobs/row.ts';
import type { NameNumberers } from '../sql/names.ts';
import type { Writing } from '../sql/queries.ts';
import { talliedRuns } from './tallied.ts';

/** Runs tallied in one step. */
const RUNS_AT_ONCE = 40;

/** Keeps what rules find of runs. */
interface FindingKeeper {
  /** Returns how the findings changed; undefined if they did not. */
  settle(run: number): Promise<FindingChange | undefined>;
}

/** Isolates the failure of one run. */
interface SetAside {
  attempt(key: string, what: () => string, work: () => Promise<unknown>): Promise<boolean>;
}

/**
 * Tallies runs soon after they ended or changed, and again when samples of them are sealed. Jobs are also
 * looked at once in the order of their numbers: new rows are of jobs that are still to be seen.
 */
export function runTallier(db: Writing, names: NameNumberers, findings: FindingKeeper) {
  const tallied = talliedRuns(db, names);

  const counter = async (name: string): Promise<number> =>
    (await db.get<{ value: number }>('SELECT value FROM counter WHERE name = $1', [name]))!.value;
  const saveCounter = (name: string, value: number) =>
    db.send('UPDATE counter SET value = $2 WHERE name = $1', [name, value]);
  const unmark = (run: number) => db.send('DELETE FROM tally_due WHERE run = $1::bigint', [run]);

  async function settleAside(run: number, aside: SetAside): Promise<void> {
    await aside.attempt(
      `tally ${run}`,
      () => `Run ${run} could not be tallied`,
      () => tallied.settle(run),
    );
    await aside.attempt(
      `judge ${run}`,
      () => `Run ${run} could not be judged`,
      async () => {
        const change = await findings.settle(run);
        await db.settle();
        if (change) await tallied.changeFindings(run, change);
      },
    );
  }

  /** Tallies runs that are due; returns whether there may be more. */
  async function settleDue(aside: SetAside, isOver: () => boolean): Promise<boolean> {
    const due = await db.all<{ run: number }>(`SELECT run FROM tally_due ORDER BY run LIMIT ${RUNS_AT_ONCE}`);
    for (const { run } of due) {
      await settleAside(run, aside);
      unmark(run);
      if (isOver()) return true;
    }
    return due.length === RUNS_AT_ONCE;
  }

  /** Tallies ended jobs that have not been seen yet; returns whether there may be more. */
  async function seeJobs(aside: SetAside, isOver: () => boolean): Promise<boolean> {
    const seen = await counter('tally_seen');
    let last = seen;
    const jobs = await db.all<{ seq: number; end: number | null }>(
      `SELECT seq, end_time AS end FROM job WHERE seq > $1::bigint ORDER BY seq LIMIT ${RUNS_AT_ONCE}`,
      [seen],
    );
    for (const { seq, end } of jobs) {
      if (end !== null) await settleAside(seq, aside);
      last = seq;
      if (isOver()) break;
    }
    if (last !== seen) saveCounter('tally_seen', last);
    return last !== seen;
  }

  async function dropHours(nowMs: number): Promise<boolean> {
    const known = await counter('tally_hours_from');
    const from = Math.max(keepHoursFrom(nowMs), known);
    if (from !== known) saveCounter('tally_hours_from', from);
    db.send('DELETE FROM finding_tally WHERE hours = 1 AND start < $1', [from]);
    return (await db.change('DELETE FROM tally WHERE hours = 1 AND start < $1', [from])) > 0;
  }

  async function isUnsettled(run: number): Promise<boolean> {
    if (await db.get('SELECT 1 FROM tally_due WHERE run = $1::bigint', [run])) return true;
    return run > (await counter('tally_seen')) && !(await tallied.has(run));
  }

  const rules: RunTallies = {
    mark(runs) {
      if (runs.length > 0)
        db.send('INSERT INTO tally_due SELECT * FROM unnest($1::bigint[]) ON CONFLICT DO NOTHING', [runs]);
    },

    async join(run) {
      await tallied.takeAway(run);
      unmark(run);
    },

    async settleDeleted(seq) {
      // The run goes on as an earlier one.
      if (await db.get('SELECT 1 FROM past_run WHERE seq = $1::bigint', [seq])) return;
      const past = await db.all<{ seq: number }>(
        `SELECT past_run.seq FROM job JOIN past_run ON past_run.job = job.id
           JOIN tally_due ON tally_due.run = past_run.seq WHERE job.seq = $1::bigint`,
        [seq],
      );
      for (const run of [seq, ...past.map((one) => one.seq)]) {
        if (!(await isUnsettled(run))) continue;
        await tallied.settle(run);
        unmark(run);
      }
    },
  };

  return {
    ...rules,

    /** To be called when samples of a run have been sealed: only those are tallied. */
    markSealed: (run: number): void =>
      db.send(
        `INSERT INTO tally_due
           SELECT run FROM tallied WHERE run = coalesce((SELECT owner FROM joined_run WHERE run = $1::bigint), $1::bigint)
           ON CONFLICT DO NOTHING`,
        [run],
      ),

    /** Does some of what is due, until `isOver`; returns whether there may be more. */
    async step(nowMs: number, aside: SetAside, isOver: () => boolean): Promise<boolean> {
      const isLeft = [await dropHours(nowMs), await settleDue(aside, isOver), await seeJobs(aside, isOver)];
      return isLeft.includes(true);
    },

    flush: tallied.flush,
    forget: tallied.forget,
    forgetNames: tallied.forgetNames,
  };
}

export type RunTallier = ReturnType<typeof runTallier>;
