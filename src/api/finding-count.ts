import { Type } from '@sinclair/typebox';
import { SEVERITIES } from '../domain/finding/severity.ts';
import type { FindingCount } from '../domain/store/tallies.ts';
import { Choice, type Wire } from './field.ts';

export const FindingCountAnswer = Type.Object(
  {
    kind: Type.String({ description: 'As in `finding=` of GET /v1/jobs' }),
    severity: Choice(SEVERITIES),
    jobs: Type.Integer({
      minimum: 1,
      description: 'Runs that have it; one with several findings is in each',
    }),
  },
  { $id: 'FindingCount', additionalProperties: false },
);
export type FindingCountAnswer = Wire<typeof FindingCountAnswer>;

/** Renders counts of findings, the worst severity and the most jobs first. */
export const renderFindingCounts = (counts: readonly FindingCount[]): FindingCountAnswer[] =>
  counts
    .toSorted(
      (one, other) =>
        SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) ||
        other.runs - one.runs ||
        (one.kind < other.kind ? -1 : 1),
    )
    .map(({ kind, severity, runs }) => ({ kind, severity, jobs: runs }));
