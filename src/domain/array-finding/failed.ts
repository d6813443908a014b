import type { ArrayTask } from '../array-task.ts';
import { groupDigits } from '../figures.ts';
import { type ArrayRule, arrayOption, countTasks, namesOf } from './task-facts.ts';

const MAX_REASONS = 3;

/** Finds tasks that failed, and says why: by Slurm's state, or else by their signals and exit codes. */
export const ARRAY_FAILED: ArrayRule = {
  subject: 'end',
  kinds: { 'array-failed': 'tasks of an array failed; how many, and why' },
  judge({ ended }) {
    if (ended.length === 0) return undefined;
    const failed = ended.filter(({ state }) => state === 'failed');
    if (failed.length === 0) return 'fine';
    const option = arrayOption(failed);
    return {
      kind: 'array-failed',
      subject: 'end',
      severity: 'harm',
      message: `${countTasks(failed.length, ended.length)} that ended failed: ${describeReasons(failed)}.`,
      ...(option !== undefined && { action: `${option}, once the reason is mended.` }),
      ...namesOf(failed),
    };
  },
};

/** `12 ended with exit code 1, 3 ran out of memory`, the most frequent first. */
function describeReasons(failed: readonly ArrayTask[]): string {
  const counts = new Map<string, number>();
  for (const task of failed) {
    const reason = reasonOf(task);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const reasons = [...counts].sort(([, one], [, other]) => other - one);
  const named = reasons
    .slice(0, MAX_REASONS)
    .map(([reason, count]) => (reasons.length === 1 ? reason : `${groupDigits(count)} ${reason}`));
  const rest = reasons.slice(MAX_REASONS).reduce((sum, [, count]) => sum + count, 0);
  return [...named, ...(rest > 0 ? [`${groupDigits(rest)} in other ways`] : [])].join(', ');
}

/** By the first word of Slurm's state. */
const REASONS: Readonly<Record<string, string>> = {
  OUT_OF_MEMORY: 'ran out of memory',
  TIMEOUT: 'ran out of time',
  NODE_FAIL: 'lost a node',
  PREEMPTED: 'made way for a job of higher priority',
  DEADLINE: 'missed a deadline',
  BOOT_FAIL: 'had nodes that did not boot',
};

function reasonOf({ rawState, exitCode, signal }: ArrayTask): string {
  const known = rawState === undefined ? undefined : REASONS[rawState.split(' ')[0]!];
  if (known) return known;
  if (signal) return `ended by signal ${signal}`;
  return exitCode ? `ended with exit code ${exitCode}` : 'ended without a reason that is known';
}
