import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import { jobNotFound } from '../../../domain/errors.ts';
import type { PlannedEvent } from '../../../domain/news.ts';
import { isSeen } from '../../../domain/sight.ts';
import type { JobEvent } from '../../../domain/store/runs.ts';
import { type EventRow, firstEvent, IN_ROW, isComplete, readEvent, UNKNOWN } from '../../rows/events.ts';
import { latestRunReader, type StoredRun } from './latest-run.ts';
import { ownerReader } from './owners.ts';

const SELECT = 'SELECT seq, time, source, change, was, user, account FROM event WHERE job = ? ORDER BY seq';

/** Writes events in the transaction of the change. */
export function eventWriter(db: Database) {
  const insert = db.query(
    'INSERT INTO event (seq, job, time, source, change, was, user, account) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const select = db.query<EventRow, [string]>(SELECT);
  const selectFirst = db.query<EventRow, [string]>(`${SELECT} LIMIT 1`);
  const selectLowest = db.query<{ seq: number | null }, []>('SELECT min(seq) AS seq FROM event');
  const complete = db.query('UPDATE event SET change = ? WHERE seq = ?');
  const setOwner = db.query('UPDATE event SET user = ?2, account = ?3 WHERE job = ?1');

  return {
    write(
      job: string,
      { timeMs, source, change, was, owner: { user = null, account = null } = {} }: PlannedEvent,
    ): void {
      const texts = was ? [JSON.stringify(change), JSON.stringify(was)] : [IN_ROW, null];
      insert.run(null, job, timeMs, source, ...texts, user, account);
    },

    /**
     * Completes the first event before the row of the job becomes that of another run. Until then the job had
     * one run, and now its events store whose that was.
     */
    completeFirst(job: string, latest: StoredRun): void {
      // A job that runs again and again has thousands of events, and its first one is complete.
      if (isComplete(selectFirst.get(job) ?? undefined)) return;
      const rows = select.all(job);
      const first = firstEvent(latest, rows);
      if (!first) return;
      const change = JSON.stringify(first.change);
      if (rows[0]?.change === IN_ROW) complete.run(change, rows[0].seq);
      else {
        const lowest = Math.min(0, selectLowest.get()?.seq ?? 0);
        insert.run(lowest - 1, job, first.timeMs, first.source, change, null, null, null);
      }
      setOwner.run(job, latest.run.user ?? null, latest.run.account ?? null);
    },
  };
}

/**
 * Reads the events of a job in the order in which they became known, without those of runs that are not to be
 * seen. Throws `not_found`.
 */
export function eventReader(db: Database): (job: string, sight: Sight) => JobEvent[] {
  const select = db.query<EventRow, [string]>(SELECT);
  const readLatest = latestRunReader(db);
  const owners = ownerReader(db);
  return (job, sight) => {
    const seesAll = owners.requireRuns(job, sight) === 'all';
    const latest = readLatest(job);
    if (!latest) throw jobNotFound(job);
    const rows = select.all(job);
    const first = seesAll ? firstEvent(latest, rows) : undefined;
    const others = rows.filter(
      (row) => row.change !== IN_ROW && row.change !== UNKNOWN && (seesAll || isSeen(sight, row)),
    );
    return [...(first ? [first] : []), ...others.map(readEvent)];
  };
}
