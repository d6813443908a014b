import { SEVERITIES } from '../../domain/finding/severity.ts';
import type { FindingCount } from '../../domain/store/tallies.ts';

/** A row that counts runs with a finding; `kind` is the name of a label. */
export interface CountRow {
  readonly kind: string;
  readonly severity: number;
  readonly runs: number;
}

/** Reads a row that counts runs with a finding. */
export const readCount = ({ kind, severity, runs }: CountRow): FindingCount => ({
  kind,
  severity: SEVERITIES[severity]!,
  runs,
});
