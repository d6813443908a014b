import type { Sight } from '../../../domain/caller.ts';
import { jobNotFound } from '../../../domain/errors.ts';
import type { PlannedEvent } from '../../../domain/news.ts';
import { isSeen } from '../../../domain/sight.ts';
import type { JobEvent } from '../../../domain/store/runs.ts';
import { type EventRow, firstEvent, IN_ROW, isComplete, readEvent, UNKNOWN } from '../../rows/events.ts';
import type { Queries, Writing } from '../sql/queries.ts';
import { readLatestRun, type StoredRun } from './latest-run.ts';
import { requireRuns } from './owners.ts';

const SELECT =
  'SELECT seq, time, source, change, was, event.user, account FROM event WHERE job = $1 ORDER BY seq';

/** Writes events in the transaction of the change. */
export function eventWriter(db: Writing) {
  return {
    write(
      job: string,
      { timeMs, source, change, was, owner: { user = null, account = null } = {} }: PlannedEvent,
    ): void {
      const texts = was ? [JSON.stringify(change), JSON.stringify(was)] : [IN_ROW, null];
      db.send(
        'INSERT INTO event (job, time, source, change, was, "user", account) VALUES ($1, $2, $3, $4, $5, $6, $7)',
        [job, timeMs, source, ...texts, user, account],
      );
    },

    /**
     * Completes the first event before the row of the job becomes that of another run. Until then the job had
     * one run, and now its events store whose that was.
     */
    async completeFirst(job: string, latest: StoredRun): Promise<void> {
      // A job that runs again and again has thousands of events, and its first one is complete.
      if (isComplete(await db.get<EventRow>(`${SELECT} LIMIT 1`, [job]))) return;
      const rows = await db.all<EventRow>(SELECT, [job]);
      const first = firstEvent(latest, rows);
      if (!first) return;
      const change = JSON.stringify(first.change);
      if (rows[0]?.change === IN_ROW)
        db.send('UPDATE event SET change = $1 WHERE seq = $2::bigint', [change, rows[0].seq]);
      else
        db.send(
          `INSERT INTO event (seq, job, time, source, change)
             SELECT least(0, min(seq)) - 1, $1, $2::bigint, $3, $4 FROM event`,
          [job, first.timeMs, first.source, change],
        );
      db.send('UPDATE event SET "user" = $2, account = $3 WHERE job = $1', [
        job,
        latest.run.user ?? null,
        latest.run.account ?? null,
      ]);
    },
  };
}

/**
 * Reads the events of a job in the order in which they became known, without those of runs that are not to be
 * seen. Throws `not_found`.
 */
export async function readEvents(db: Queries, job: string, sight: Sight): Promise<JobEvent[]> {
  const seesAll = (await requireRuns(db, job, sight)) === 'all';
  const latest = await readLatestRun(db, job);
  if (!latest) throw jobNotFound(job);
  const rows = await db.all<EventRow>(SELECT, [job]);
  const first = seesAll ? firstEvent(latest, rows) : undefined;
  const others = rows.filter(
    (row) => row.change !== IN_ROW && row.change !== UNKNOWN && (seesAll || isSeen(sight, row)),
  );
  return [...(first ? [first] : []), ...others.map(readEvent)];
}
