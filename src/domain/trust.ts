import { MERGED_DETAILS } from './detail.ts';
import { hasEnded, type JobState } from './job.ts';
import type { Report, Source } from './report.ts';

/** Fields that are merged one by one, each from its most trusted source. */
export const FIELDS = ['user', 'nodes', 'startTimeMs', ...MERGED_DETAILS.map(({ key }) => key)] as const;
export type Field = (typeof FIELDS)[number];

/**
 * Fields that all come from the source of the verdict, because halves of two verdicts do not fit together.
 */
export const VERDICT_FIELDS = ['state', 'endTimeMs', 'exitCode', 'signal', 'rawState', 'reason'] as const;

/**
 * Where a field comes from. `clock`: a start by a hook's own clock, up to some moments after the scheduler's.
 */
export type Origin = Source | 'clock';

/** How much each origin is trusted. Only compared, never stored: engines store the names. */
const TRUST: Readonly<Record<Origin, number>> = {
  api: 1,
  absence: 1,
  clock: 1,
  squeue: 2,
  hook: 3,
  sacct: 4,
  jobcomp: 5,
};
/** A job may change its size while it runs, so of squeue and the hooks the latest is right. */
const SIZE_TRUST: typeof TRUST = { ...TRUST, squeue: TRUST.hook };
const SIZES: ReadonlySet<Field> = new Set<Field>(['nodes', 'nodeCount', 'cpus', 'memoryLimitMb', 'gpus']);

/** Returns how much the origin of a field is trusted; 0 when the field is unknown. */
export function trustIn(field: Field, origin: Origin | undefined): number {
  if (origin === undefined) return 0;
  return (SIZES.has(field) ? SIZE_TRUST : TRUST)[origin];
}

/**
 * Who gave the state of a run, from the least trusted to the most: no report; the API; a scheduler that lists
 * it as pending, or as running; its absence from the queue; a hook, which sees no more of an end than the
 * exit code; Slurm itself. A run only moves on, so any end outweighs pending and running. Engines store the
 * names, so the order may change.
 */
export const VERDICTS = [
  'none',
  'api',
  'pending',
  'running',
  'absence',
  'hook',
  'squeue',
  'sacct',
  'jobcomp',
] as const;
export type Verdict = (typeof VERDICTS)[number];

const VERDICT_RANK = Object.fromEntries(VERDICTS.map((verdict, rank) => [verdict, rank])) as Readonly<
  Record<Verdict, number>
>;

/** Verdicts that Slurm may still replace: the run has not ended, or only a guess says how. */
export const UNCONFIRMED_VERDICTS = ['pending', 'running', 'absence', 'hook'] as const satisfies Verdict[];
/** Slurm's own word on how a run ended. */
export const CONFIRMED_VERDICTS = ['squeue', 'sacct', 'jobcomp'] as const satisfies Verdict[];
const CONFIRMED: ReadonlySet<Verdict> = new Set(CONFIRMED_VERDICTS);

/** Returns a positive number when the first verdict is trusted more than the second, negative when less. */
export const compareVerdicts = (one: Verdict, other: Verdict): number =>
  VERDICT_RANK[one] - VERDICT_RANK[other];

/** How far each part of a run can be trusted: what a later report is weighed against. */
export interface Provenance {
  /** The origin of each known field of FIELDS. */
  readonly fields: Readonly<Partial<Record<Field, Origin>>>;
  readonly verdict: Verdict;
  /** When the source of the verdict looked, in milliseconds since 1970. */
  readonly verdictMs: number;
}

/** Only the API knows the run; no scheduler reported it. */
export const NOT_REPORTED: Provenance = {
  fields: Object.fromEntries(FIELDS.map((field) => [field, 'api'])),
  verdict: 'api',
  verdictMs: 0,
};

/** Returns the provenance of what one report says. */
export function provenanceOf(report: Report): Provenance {
  const { source, observedMs, state, isStartRough = false } = report;
  const fields: Partial<Record<Field, Origin>> = {};
  for (const field of FIELDS) if (report[field] !== undefined) fields[field] = source;
  // Accounting writes the size of a run that goes on once, and squeue sees a change.
  // Seen with 24.11: a job that accounting had known as pending kept its size when it was shrunk.
  if (source === 'sacct' && state !== undefined && !hasEnded(state))
    for (const field of SIZES) if (fields[field] !== undefined) fields[field] = 'squeue';
  if (isStartRough && report.startTimeMs !== undefined) fields.startTimeMs = 'clock';
  return { fields, verdict: verdictOf(source, state), verdictMs: observedMs };
}

function verdictOf(source: Source, state: JobState | undefined): Verdict {
  if (state === undefined) return 'none';
  if (hasEnded(state) || source === 'api') return source;
  return source === 'absence' ? 'api' : (state as 'pending' | 'running');
}

type Sourced = { readonly provenance: Provenance };

/** Returns whether a scheduler reported the run. */
export const isReported = ({ provenance }: Sourced): boolean => provenance.verdict !== 'api';

/**
 * Returns whether the end of a run is Slurm's own word, not a guess from an exit code or from its absence.
 */
export const isConfirmed = ({ provenance }: Sourced): boolean => CONFIRMED.has(provenance.verdict);

/**
 * Returns whether the start of a run is no more than a hook's own clock, or what a client of the API says.
 */
export const isStartRough = ({ provenance }: Sourced): boolean =>
  trustIn('startTimeMs', provenance.fields.startTimeMs) === TRUST.clock;
