import type { JobDetails } from './detail.ts';
import { hasEnded, type JobState } from './job.ts';
import type { Report } from './report.ts';
import { FIELDS, type Provenance, provenanceOf, VERDICT_FIELDS } from './trust.ts';

/** One execution of a job: what all its reports say together. Times in milliseconds since 1970. */
export interface Run extends JobDetails {
  readonly user?: string;
  /** In the scheduler's order; absent while none are assigned. */
  readonly nodes?: readonly string[];
  readonly state: JobState;
  readonly startTimeMs?: number;
  readonly endTimeMs?: number;
  readonly provenance: Provenance;
}

/** The details of a job with their provenance. */
export interface Detail {
  readonly details: JobDetails;
  readonly provenance: Provenance;
}

/** Fields that reports add to and never take away from. */
export const GATHERED_FIELDS = ['sluid', 'otherSluids', 'resizedMs'] as const;

/** What a run takes from a report as it is, beside FIELDS. */
const COPIED_FIELDS = [...VERDICT_FIELDS, ...GATHERED_FIELDS, 'allocations'] as const;

/** Returns the run that is known from one report alone. */
export function runOf(report: Report): Run {
  const run: Record<string, unknown> = { state: 'pending' };
  for (const field of FIELDS) if (report[field] !== undefined) run[field] = report[field];
  for (const field of COPIED_FIELDS) if (report[field] !== undefined) run[field] = report[field];
  if (report.state !== undefined && hasEnded(report.state)) run.endTimeMs ??= report.observedMs;
  return { ...run, provenance: provenanceOf(report) } as Run;
}

/** Ends a run that `next` followed although no source reported its end. */
export function closeRun(run: Run, next: Run): Run {
  if (hasEnded(run.state)) return run;
  const { startTimeMs = 0 } = run;
  const endTimeMs = Math.max(startTimeMs, next.startTimeMs ?? next.submitTimeMs ?? next.provenance.verdictMs);
  return {
    ...run,
    state: 'failed',
    endTimeMs,
    reason: 'The job ran again; Slurm has no record of the end of this run.',
  };
}

/** Returns all SLUIDs of a run, the first one first; none before Slurm 24.11. */
export const sluidsOf = ({
  sluid,
  otherSluids = [],
}: Pick<Run, 'sluid' | 'otherSluids'>): readonly string[] =>
  sluid === undefined ? otherSluids : [sluid, ...otherSluids];

/** Returns the time that orders a run in lists: its start, or what stands for it while it has not started. */
export const listedStartMs = ({ startTimeMs, submitTimeMs, endTimeMs, provenance }: Run): number =>
  startTimeMs ?? submitTimeMs ?? endTimeMs ?? provenance.verdictMs;
