/** `harm` costs the job itself, `waste` costs others, `info` costs nobody. The worst comes first. */
export const SEVERITIES = ['harm', 'waste', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What is kept of a finding, for lists and counts. */
export interface FindingKind {
  /** Names the rule: letters and hyphens. Stored and filtered by, so that it never changes. */
  readonly kind: string;
  readonly severity: Severity;
}
