import { CPU_IDLE } from './cpu-idle.ts';
import { END } from './end.ts';
import { type Facts, type Finding, type Rule, SEVERITIES, SUBJECTS, type Subject } from './finding.ts';
import { GPU_UNUSED } from './gpu-unused.ts';
import { MEMORY } from './memory.ts';
import { NODES_UNUSED } from './nodes-unused.ts';

/** Every rule. */
const RULES: readonly Rule[] = [END, GPU_UNUSED, CPU_IDLE, NODES_UNUSED, MEMORY];

/** What all rules together make of a run. */
export interface Verdict {
  /** One sentence: the worst finding, or that there is none. */
  readonly sentence: string;
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** Looked at and found well. */
  readonly fine: readonly Subject[];
  readonly unjudged: readonly { readonly subject: Subject; readonly why: string }[];
}

/** Judges a run by every rule. */
export function judgeRun(facts: Facts): Verdict {
  const findings: Finding[] = [];
  const fine: Subject[] = [];
  const unjudged: { subject: Subject; why: string }[] = [];
  for (const { subject, judge } of RULES) {
    const judgement = judge(facts);
    if (judgement === undefined) continue;
    if (judgement === 'fine') fine.push(subject);
    else if ('unjudged' in judgement) unjudged.push({ subject, why: judgement.unjudged });
    else findings.push(judgement);
  }
  findings.sort((one, other) => rankOf(one) - rankOf(other));
  return { sentence: findings[0]?.message ?? sentenceOf(facts, fine), findings, fine, unjudged };
}

const rankOf = ({ severity, subject }: Finding): number =>
  SEVERITIES.indexOf(severity) * SUBJECTS.length + SUBJECTS.indexOf(subject);

function sentenceOf({ job }: Facts, fine: readonly Subject[]): string {
  if (job.state === 'pending') return 'It waits.';
  if (fine.some((subject) => subject !== 'end')) return 'Nothing is amiss in what was measured.';
  return 'Too little was measured to judge it.';
}
