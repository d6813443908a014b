import { BLACK_HOLE } from './black-hole.ts';
import { CPU_IDLE } from './cpu-idle.ts';
import { CPU_LOW } from './cpu-low.ts';
import { CPU_SERIAL } from './cpu-serial.ts';
import { CPU_THROTTLED } from './cpu-throttled.ts';
import { END } from './end.ts';
import type { Facts, Judgement, Rule, Subject } from './finding.ts';
import { GPU_CPUS, GPU_MEMORY } from './gpu-company.ts';
import { GPU_LOW } from './gpu-low.ts';
import { GPU_PAUSED } from './gpu-paused.ts';
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
import { NOTHING_AMISS, type Verdict, verdictOf } from './verdict.ts';
import { WAITS } from './waits.ts';

/** Stored beside findings; counts up with every change of a rule. */
export const RULES_VERSION = 5;

/** Every rule, each after those that say more of the same. */
export const RULES: readonly Rule[] = [
  BLACK_HOLE,
  END,
  WAITS,
  GPU_UNUSED,
  GPU_PAUSED,
  GPU_SMALL,
  GPU_LOW,
  GPU_UNEVEN,
  CPU_THROTTLED,
  NODES_UNUSED,
  CPU_IDLE,
  CPU_SERIAL,
  CPU_LOW,
  GPU_SCATTERED,
  GPU_CPUS,
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

/** Judges a run by every rule. Evidence is of the whole run where a rule does not say when. */
export const judgeRun = (facts: Facts): Verdict =>
  verdictOf(
    RULES.map((rule) => ({ rule, judgement: dated(rule.judge(facts), facts) })),
    (fine) => sentenceOf(facts, fine),
  );

function dated(judgement: Judgement | undefined, { job, nowMs }: Facts): Judgement | undefined {
  if (typeof judgement !== 'object' || !('kind' in judgement) || !judgement.evidence) return judgement;
  const { startTimeMs: fromMs, endTimeMs: toMs = nowMs } = job;
  if (fromMs === undefined || judgement.evidence.fromMs !== undefined) return judgement;
  return { ...judgement, evidence: { ...judgement.evidence, fromMs, toMs } };
}

/** Subjects that are judged without measurements. */
const WITHOUT_MEASURING: readonly Subject[] = ['end', 'queue', 'time'];

function sentenceOf({ job }: Facts, fine: readonly Subject[]): string {
  if (job.state === 'pending') return 'It waits.';
  if (fine.some((subject) => !WITHOUT_MEASURING.includes(subject))) return NOTHING_AMISS;
  return 'Too little was measured to judge it.';
}
