import type { ArrayTask } from '../array-task.ts';
import type { Thresholds } from '../finding/thresholds.ts';
import { NOTHING_AMISS, type Verdict, verdictOf } from '../finding/verdict.ts';
import { ARRAY_CPU } from './cpu.ts';
import { ARRAY_FAILED } from './failed.ts';
import { ARRAY_GPU } from './gpu.ts';
import { ARRAY_MEMORY } from './memory.ts';
import { ARRAY_SHORT, ARRAY_UNEVEN } from './runtimes.ts';
import { type ArrayRule, factsOfTasks } from './task-facts.ts';
import { ARRAY_TIME } from './time.ts';

/** Every rule of arrays, each after those that say more of the same. */
export const ARRAY_RULES: readonly ArrayRule[] = [
  ARRAY_FAILED,
  ARRAY_GPU,
  ARRAY_CPU,
  ARRAY_MEMORY,
  ARRAY_TIME,
  ARRAY_SHORT,
  ARRAY_UNEVEN,
];

/**
 * Judges the tasks of an array together: the distribution, not one task. `rest` is called between rules: a
 * rule takes some milliseconds for 100,000 tasks.
 */
export async function judgeArray(
  tasks: readonly ArrayTask[],
  thresholds: Thresholds,
  rest: () => Promise<void>,
): Promise<Verdict> {
  const facts = factsOfTasks(tasks, thresholds);
  const judgements = [];
  for (const rule of ARRAY_RULES) {
    judgements.push({ rule, judgement: rule.judge(facts) });
    await rest();
  }
  const ended = facts.ended.length;
  return verdictOf(judgements, (fine) =>
    ended === 0
      ? 'No task has ended yet.'
      : fine.length > 0
        ? NOTHING_AMISS
        : 'Too little is known to judge it.',
  );
}
