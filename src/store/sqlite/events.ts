import type { Database } from 'bun:sqlite';
import type { Source } from '../../domain/report.ts';
import type { JobEvent } from '../../domain/store.ts';

interface EventRow {
  readonly time: number;
  readonly source: Source;
  readonly change: string;
}

/** Notes what changed of a job, in the transaction that changes it; times in milliseconds since 1970. */
export function eventWriter(db: Database) {
  const insert = db.query('INSERT INTO event (job, time, source, change) VALUES (?, ?, ?, ?)');
  return (job: string, { timeMs, source, change }: JobEvent): void => {
    insert.run(job, timeMs, source, JSON.stringify(change));
  };
}

/** Reads what changed of a job, in the order in which it came to be known. */
export function eventReader(db: Database) {
  const select = db.query<EventRow, [string]>(
    'SELECT time, source, change FROM event WHERE job = ? ORDER BY seq',
  );
  return (job: string): JobEvent[] =>
    select.all(job).map(({ time, source, change }) => ({ timeMs: time, source, change: JSON.parse(change) }));
}
