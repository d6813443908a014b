import type { JobRun } from '../store/runs.ts';

/** What a run can be judged by. */
export const SUBJECTS = ['end', 'gpu', 'cpu', 'nodes', 'memory'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** `harm` costs the job itself, `waste` costs others, `info` costs nobody. The worst comes first. */
export const SEVERITIES = ['harm', 'waste', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Something about a run that is worth changing. */
export interface Finding {
  /** Names the rule: letters and hyphens. Stored and filtered by, so that it never changes. */
  readonly kind: string;
  readonly subject: Subject;
  readonly severity: Severity;
  /** One sentence with its numbers. */
  readonly message: string;
  /** What to do, ready to be copied into a job script; absent where that depends on the program. */
  readonly action?: string;
  /** The nodes that it speaks of; all of them if absent. */
  readonly nodes?: readonly string[];
}

/** What a rule makes of a run: a finding, all well, or why it cannot say. */
export type Judgement = Finding | 'fine' | { readonly unjudged: string };

/** What a rule looks at: a run with the summary of its samples. */
export interface Facts extends Omit<JobRun, 'run'> {
  readonly nowMs: number;
}

/** Judges one subject of a run; undefined where the rule does not apply. Pure. */
export interface Rule {
  readonly subject: Subject;
  readonly judge: (facts: Facts) => Judgement | undefined;
}
