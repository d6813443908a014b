import { eventFields } from '../../domain/news.ts';
import type { Source } from '../../domain/report.ts';
import type { KnownRun } from '../../domain/report-plan.ts';
import type { JobEvent } from '../../domain/store/runs.ts';

// The first event of a job says what was known of it then, which its row says already: of a job created over
// the API nothing is stored, of any other only time and source. To derive the first event later, every other
// event stores the values that it replaced (`was`).

/** Fields of a run by name. */
type Fields = Readonly<Record<string, unknown>>;

/** A row of `event`. */
export interface EventRow {
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
export const IN_ROW = '';
/** The `change` of a job older than the table of events: what was known of it first is unknown. */
export const UNKNOWN = '{}';

/** Reads an event that is stored in full. */
export const readEvent = ({ time, source, change }: EventRow): JobEvent => ({
  timeMs: time,
  source,
  change: JSON.parse(change),
});

/** Derives the first event of a job from its row; undefined if it is stored in full. */
export function firstEvent({ run }: Pick<KnownRun, 'run'>, rows: readonly EventRow[]): JobEvent | undefined {
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

/** Whether the first event of a job is stored in full. */
export const isComplete = (first: EventRow | undefined): boolean =>
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
