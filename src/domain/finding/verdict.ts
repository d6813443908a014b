import { type Finding, type Judgement, type Rule, SUBJECTS, type Subject } from './finding.ts';
import { SEVERITIES } from './severity.ts';

/** What all rules together make of a run, or of the tasks of an array. */
export interface Verdict {
  /** One sentence: the worst finding, or that there is none. */
  readonly sentence: string;
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** Looked at and found well. */
  readonly fine: readonly Subject[];
  readonly unjudged: readonly { readonly subject: Subject; readonly why: string }[];
}

export const NOTHING_AMISS = 'Nothing is amiss in what was measured.';

/** What one rule says; undefined where it does not apply. */
export interface RuleJudgement {
  readonly rule: Pick<Rule, 'subject' | 'unless'>;
  readonly judgement: Judgement | undefined;
}

/**
 * Joins what rules say, in their order: a subject is found, or fine, or unjudged, never two of them, and a
 * rule is silent beside findings that say more of the same. `sentenceOf` is what is said without a finding.
 */
export function verdictOf(
  judgements: Iterable<RuleJudgement>,
  sentenceOf: (fine: readonly Subject[]) => string,
): Verdict {
  const { findings, others } = sortOut(judgements);
  const fine: Subject[] = [];
  const unjudged: { subject: Subject; why: string }[] = [];
  for (const subject of SUBJECTS) {
    const judgement = findings.some((one) => one.subject === subject) ? undefined : others.get(subject);
    if (judgement === 'fine') fine.push(subject);
    else if (judgement) unjudged.push({ subject, why: judgement.unjudged });
  }
  return { sentence: findings[0]?.message ?? sentenceOf(fine), findings, fine, unjudged };
}

/** Returns the findings, the worst first, and what else rules say of subjects: fine wins. */
function sortOut(judgements: Iterable<RuleJudgement>) {
  const findings: Finding[] = [];
  const others = new Map<Subject, Exclude<Judgement, Finding>>();
  for (const { rule, judgement } of judgements) {
    if (findings.some(({ kind }) => rule.unless?.includes(kind))) continue;
    if (typeof judgement === 'object' && 'kind' in judgement) findings.push(judgement);
    else if (judgement === 'fine' || (judgement && !others.has(rule.subject)))
      others.set(rule.subject, judgement);
  }
  findings.sort((one, other) => rankOf(one) - rankOf(other));
  return { findings, others };
}

const rankOf = ({ severity, subject }: Finding): number =>
  SEVERITIES.indexOf(severity) * SUBJECTS.length + SUBJECTS.indexOf(subject);
