import { BLACK_HOLE } from './black-hole.ts';
import { CPU_IDLE } from './cpu-idle.ts';
import { CPU_LOW } from './cpu-low.ts';
import { CPU_SERIAL } from './cpu-serial.ts';
import { CPU_THROTTLED } from './cpu-throttled.ts';
import { END } from './end.ts';
import {
  type Facts,
  type Finding,
  type Judgement,
  type Rule,
  SEVERITIES,
  SUBJECTS,
  type Subject,
} from './finding.ts';
import { GPU_CPUS, GPU_MEMORY } from './gpu-company.ts';
import { GPU_LOW } from './gpu-low.ts';
import { GPU_SCATTERED } from './gpu-scattered.ts';
import { GPU_SMALL } from './gpu-small.ts';
import { GPU_UNEVEN } from './gpu-uneven.ts';
import { GPU_UNUSED } from './gpu-unused.ts';
import { MEMORY_GROWS } from './memory-grows.ts';
import { MEMORY_KILLED } from './memory-killed.ts';
import { MEMORY_NEAR_LIMIT } from './memory-near-limit.ts';
import { MEMORY_UNUSED } from './memory-unused.ts';
import { NODES_SCATTERED } from './nodes-scattered.ts';
import { NODES_UNEVEN } from './nodes-uneven.ts';
import { NODES_UNUSED } from './nodes-unused.ts';
import { SHORT_TASK } from './short-task.ts';
import { TIME_UNUSED } from './time-unused.ts';
import { WAITS } from './waits.ts';

/** Stored beside findings; counts up with every change of a rule. */
export const RULES_VERSION = 3;

/** Every rule, each after those that say more of the same. */
export const RULES: readonly Rule[] = [
  BLACK_HOLE,
  END,
  WAITS,
  GPU_UNUSED,
  GPU_SMALL,
  GPU_LOW,
  GPU_UNEVEN,
  GPU_SCATTERED,
  GPU_CPUS,
  CPU_THROTTLED,
  CPU_IDLE,
  CPU_SERIAL,
  CPU_LOW,
  NODES_UNUSED,
  NODES_UNEVEN,
  NODES_SCATTERED,
  MEMORY_KILLED,
  MEMORY_NEAR_LIMIT,
  MEMORY_GROWS,
  MEMORY_UNUSED,
  GPU_MEMORY,
  TIME_UNUSED,
  SHORT_TASK,
];

export const FINDING_KINDS: readonly string[] = RULES.flatMap(({ kinds }) => Object.keys(kinds));

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

/** Judges a run by every rule. A subject is found, or fine, or unjudged, never two of them. */
export function judgeRun(facts: Facts): Verdict {
  const { findings, others } = applyRules(facts);
  const fine: Subject[] = [];
  const unjudged: { subject: Subject; why: string }[] = [];
  for (const subject of SUBJECTS) {
    const judgement = findings.some((one) => one.subject === subject) ? undefined : others.get(subject);
    if (judgement === 'fine') fine.push(subject);
    else if (judgement) unjudged.push({ subject, why: judgement.unjudged });
  }
  return { sentence: findings[0]?.message ?? sentenceOf(facts, fine), findings, fine, unjudged };
}

/** Returns the findings, the worst first, and what else rules say of subjects: fine wins. */
function applyRules(facts: Facts) {
  const findings: Finding[] = [];
  const others = new Map<Subject, Exclude<Judgement, Finding>>();
  for (const { subject, unless = [], judge } of RULES) {
    if (findings.some(({ kind }) => unless.includes(kind))) continue;
    const judgement = judge(facts);
    if (typeof judgement === 'object' && 'kind' in judgement) findings.push(judgement);
    else if (judgement === 'fine' || (judgement && !others.has(subject))) others.set(subject, judgement);
  }
  findings.sort((one, other) => rankOf(one) - rankOf(other));
  return { findings, others };
}

const rankOf = ({ severity, subject }: Finding): number =>
  SEVERITIES.indexOf(severity) * SUBJECTS.length + SUBJECTS.indexOf(subject);

/** Subjects that are judged without measurements. */
const WITHOUT_MEASURING: readonly Subject[] = ['end', 'queue', 'time'];

function sentenceOf({ job }: Facts, fine: readonly Subject[]): string {
  if (job.state === 'pending') return 'It waits.';
  if (fine.some((subject) => !WITHOUT_MEASURING.includes(subject)))
    return 'Nothing is amiss in what was measured.';
  return 'Too little was measured to judge it.';
}
