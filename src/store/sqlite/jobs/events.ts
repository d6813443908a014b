import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import { jobNotFound } from '../../../domain/errors.ts';
import { eventFields, type PlannedEvent } from '../../../domain/news.ts';
import type { Source } from '../../../domain/report.ts';
import { isSeen } from '../../../domain/sight.ts';
import type { JobEvent } from '../../../domain/store/runs.ts';
import { latestRunReader, type StoredRun } from './latest-run.ts';
import { ownerReader } from './owners.ts';

/** Fields of a run by name. */
type Fields = Readonly<Record<string, unknown>>;

interface EventRow {
  readonly seq: number;
  readonly time: number;
  readonly source: Source;
  readonly change: string;
  readonly was: string | null;
  readonly user: string | null;
  readonly account: string | null;
}

/**
 * The `change` of a first event that stores only its time and source; the rest derives from the row of the
 * job.
 */
const IN_ROW = '';
/** The `change` of a job older than the table of events: what was known of it first is unknown. */
const UNKNOWN = '{}';

const SELECT = 'SELECT seq, time, source, change, was, user, account FROM event WHERE job = ? ORDER BY seq';

/**
 * Writes events in the transaction of the change. The first event of a job says what was known of it then,
 * which its row says already: of a job created over the API nothing is stored, of any other only time and
 * source. To derive the first event later, every other event stores the values that it replaced (`was`).
 */
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
    return [...(first ? [first] : []), ...others.map(readRow)];
  };
}

const readRow = ({ time, source, change }: EventRow): JobEvent => ({
  timeMs: time,
  source,
  change: JSON.parse(change),
});

/** Derives the first event of a job from its row; undefined if it is stored in full. */
function firstEvent({ run }: StoredRun, rows: readonly EventRow[]): JobEvent | undefined {
  const [first] = rows;
  if (isComplete(first)) return undefined;
  const change = undo(
    eventFields(run),
    rows.filter((row) => row.change !== IN_ROW),
  );
  return first?.change === IN_ROW
    ? { timeMs: first.time, source: first.source, change }
    : { timeMs: change.startTimeMs as number, source: 'api', change };
}

const isComplete = (first: EventRow | undefined): boolean =>
  first !== undefined && first.was === null && first.change !== IN_ROW;

/** Returns what was known before all these changes. */
function undo(now: Fields, changes: readonly EventRow[]): Fields {
  const known: Record<string, unknown> = { ...now };
  for (const { change, was } of changes.toReversed()) {
    for (const key of Object.keys(JSON.parse(change))) delete known[key];
    Object.assign(known, JSON.parse(was ?? '{}'));
  }
  return known;
}
