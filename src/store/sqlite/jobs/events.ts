import type { Database } from 'bun:sqlite';
import type { Source } from '../../../domain/report.ts';
import { withoutQuiet } from '../../../domain/run.ts';
import type { JobEvent } from '../../../domain/store/runs.ts';
import { latestRunReader, type Place } from './latest-run.ts';

/** What is known of a run, by the names of its fields. */
export type Fields = Readonly<Record<string, unknown>>;

interface EventRow {
  readonly seq: number;
  readonly time: number;
  readonly source: Source;
  readonly change: string;
  readonly was: string | null;
}

/** The change of a first event that only says when and from whom the job came to be known: the rest is in its row. */
const IN_ROW = '';
/** The event of a job that is older than the table of events: nobody knows how it began. */
const UNKNOWN = '{}';

const SELECT = 'SELECT seq, time, source, change, was FROM event WHERE job = ? ORDER BY seq';

/**
 * Notes what changed of a job, in the transaction that changes it; times in milliseconds since 1970.
 *
 * The first event of a job tells all that was known of it, and that is in its row already: of a job made over the API
 * nothing is kept, of any other only the time and the source. So that it can be told later all the same, every other event
 * keeps the values that it replaced (`was`).
 */
export function eventWriter(db: Database) {
  const insert = db.query(
    'INSERT INTO event (seq, job, time, source, change, was) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const select = db.query<EventRow, [string]>(SELECT);
  const selectFirst = db.query<EventRow, [string]>(`${SELECT} LIMIT 1`);
  const selectLowest = db.query<{ seq: number | null }, []>('SELECT min(seq) AS seq FROM event');
  const complete = db.query('UPDATE event SET change = ? WHERE seq = ?');

  return {
    /** Notes the first event of a job, which its row tells but for the time and the source. */
    writeFirst(job: string, { timeMs, source }: Pick<JobEvent, 'timeMs' | 'source'>): void {
      insert.run(null, job, timeMs, source, IN_ROW, null);
    },

    /** Notes a change; `before` is what was known of the same run. */
    write(job: string, { timeMs, source, change }: JobEvent, before: Fields): void {
      const was = Object.fromEntries(
        Object.keys(change).flatMap((key) => (isKnown(before[key]) ? [[key, before[key]]] : [])),
      );
      insert.run(null, job, timeMs, source, JSON.stringify(change), JSON.stringify(was));
    },

    /** Writes the first event in full, before the job's row becomes that of another run. */
    completeFirst(job: string, latest: Place): void {
      // Of a job that runs again and again it is written already, and of its events there are thousands.
      if (isWritten(selectFirst.get(job) ?? undefined)) return;
      const rows = select.all(job);
      const first = firstEvent(latest, rows);
      if (!first) return;
      const change = JSON.stringify(first.change);
      if (rows[0]?.change === IN_ROW) complete.run(change, rows[0].seq);
      else {
        const lowest = Math.min(0, selectLowest.get()?.seq ?? 0);
        insert.run(lowest - 1, job, first.timeMs, first.source, change, null);
      }
    },
  };
}

/** Reads what changed of a job, in the order in which it came to be known. */
export function eventReader(db: Database): (job: string) => JobEvent[] {
  const select = db.query<EventRow, [string]>(SELECT);
  const readLatest = latestRunReader(db);
  return (job) => {
    const rows = select.all(job);
    const latest = readLatest(job);
    const first = latest && firstEvent(latest, rows);
    const others = rows.filter(({ change }) => change !== IN_ROW && change !== UNKNOWN);
    return [...(first ? [first] : []), ...others.map(readRow)];
  };
}

const readRow = ({ time, source, change }: EventRow): JobEvent => ({
  timeMs: time,
  source,
  change: JSON.parse(change),
});

/** The first event of a job, of which only the row tells; undefined when it is written in full. */
function firstEvent({ run }: Place, rows: readonly EventRow[]): JobEvent | undefined {
  const [first] = rows;
  if (isWritten(first)) return undefined;
  const { provenance: _, ...now } = withoutQuiet(run);
  const change = undo(
    now,
    rows.filter((row) => row.change !== IN_ROW),
  );
  return first?.change === IN_ROW
    ? { timeMs: first.time, source: first.source, change }
    : { timeMs: change.startTimeMs as number, source: 'api', change };
}

const isWritten = (first: EventRow | undefined): boolean =>
  first !== undefined && first.was === null && first.change !== IN_ROW;

/** What was known before all these changes. */
function undo(now: Fields, changes: readonly EventRow[]): Fields {
  const known: Record<string, unknown> = { ...now };
  for (const { change, was } of changes.toReversed()) {
    for (const key of Object.keys(JSON.parse(change))) delete known[key];
    Object.assign(known, JSON.parse(was ?? '{}'));
  }
  return known;
}

const isKnown = (value: unknown): boolean => value !== undefined && value !== null;
