import type { Source } from './report.ts';
import { GATHERED_FIELDS, type Run } from './run.ts';
import type { Owner } from './sight.ts';
import { FIELDS, VERDICT_FIELDS } from './trust.ts';

/** What is new about a run: the new value of each field that changed, null where it is no longer known. */
export type Change = Readonly<Partial<Record<keyof Run, unknown>>>;

/** A change to be recorded as an event of the job. */
export interface PlannedEvent {
  /** When the source observed the change; milliseconds since 1970. */
  readonly timeMs: number;
  readonly source: Source;
  readonly change: Change;
  /** The known values that `change` replaces; undefined for the first event of a job. */
  readonly was: Readonly<Record<string, unknown>> | undefined;
  /** Whose run changed, once the job has more than one run. */
  readonly owner?: Owner | undefined;
}

/** Fields that change at every poll or mean nothing to people. They are stored but cause no event. */
const QUIET: ReadonlySet<keyof Run> = new Set(['suspendedSeconds', 'otherSluids', 'resizedMs']);
const ALL = [...FIELDS, ...VERDICT_FIELDS, ...GATHERED_FIELDS, 'allocations'] as const;
const LOUD = ALL.filter((field) => !QUIET.has(field));

/** Returns what an event reports of the change from `before` to `after`. */
export const newsOf = (before: Run | undefined, after: Run): Change => diff(before, after, LOUD);

/** Returns whether fields changed that cause no event. */
export const isChangedQuietly = (before: Run | undefined, after: Run): boolean =>
  Object.keys(diff(before, after, [...QUIET])).length > 0;

/** Returns the fields of a run that events report. */
export function eventFields(run: Run): Readonly<Record<string, unknown>> {
  const { suspendedSeconds: _s, otherSluids: _o, resizedMs: _r, provenance: _p, ...fields } = run;
  return fields;
}

/** Returns the values of `before` that a change replaces. */
export function replacedBy(
  change: Change,
  before: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const was: Record<string, unknown> = {};
  for (const key in change) {
    const value = before[key];
    if (value !== undefined && value !== null) was[key] = value;
  }
  return was;
}

function diff(before: Run | undefined, after: Run, fields: readonly (keyof Run)[]): Change {
  const change: Partial<Record<keyof Run, unknown>> = {};
  for (const field of fields) {
    if (!isSame(before?.[field], after[field])) change[field] = after[field] ?? null;
  }
  return change;
}

const isSame = (one: unknown, other: unknown): boolean =>
  one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));
