import { SUBJECTS } from './finding.ts';
import { RULES } from './judge.ts';
import { type FindingKind, SEVERITIES } from './severity.ts';

/** The place of each kind among findings of one severity, as in a verdict. */
const PLACES: ReadonlyMap<string, number> = new Map(
  RULES.map(({ kinds, subject }, place) => ({
    kinds,
    place: SUBJECTS.indexOf(subject) * RULES.length + place,
  })).flatMap(({ kinds, place }) => Object.keys(kinds).map((kind) => [kind, place])),
);

/** Returns findings in the order of a verdict, the worst first. Kinds of rules that are gone come last. */
export const worstFirst = (findings: readonly FindingKind[]): FindingKind[] =>
  findings.toSorted(
    (one, other) =>
      SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) || placeOf(one) - placeOf(other),
  );

const placeOf = ({ kind }: FindingKind): number => PLACES.get(kind) ?? Number.MAX_SAFE_INTEGER;
