import type { ArrayTask } from '../array-task.ts';
import type { Finding, Subject } from '../finding/finding.ts';
import type { Thresholds } from '../finding/thresholds.ts';
import { hasEnded } from '../job.ts';

/** What the rules of arrays look at: the tasks that ended after they had started. */
export interface TaskFacts {
  readonly ended: readonly ArrayTask[];
  readonly thresholds: Thresholds;
}

/** Tasks that a finding names. */
const MAX_NAMED = 10;

export const factsOfTasks = (tasks: readonly ArrayTask[], thresholds: Thresholds): TaskFacts => ({
  ended: tasks.filter(({ state, startTimeMs }) => hasEnded(state) && startTimeMs !== undefined),
  thresholds,
});

/** Says why tasks say too little of an array; undefined if they are enough. */
export function lackOfTasks(
  tasks: readonly ArrayTask[],
  { leastSeconds, sizingRuns }: Thresholds,
): { unjudged: string } | undefined {
  if (tasks.length < sizingRuns) return { unjudged: `it needs ${sizingRuns} ended tasks that were measured` };
  const seconds = tasks.reduce((sum, { runtimeSeconds = 0 }) => sum + runtimeSeconds, 0);
  return seconds < leastSeconds ? { unjudged: 'its tasks ran too short to be judged' } : undefined;
}

/** Returns values of tasks, ascending. */
export function ascending(tasks: readonly ArrayTask[], read: (task: ArrayTask) => number): Float64Array {
  const values = new Float64Array(tasks.length);
  // `Float64Array.from` with a function takes ten times as long.
  for (let at = 0; at < tasks.length; at++) values[at] = read(tasks[at]!);
  return values.sort();
}

/** Returns the least value that a share of ascending values do not exceed. */
export const quantileOf = (values: Float64Array, share: number): number =>
  values[Math.max(0, Math.ceil(share * values.length) - 1)]!;

/** Returns the value that all tasks have in common; undefined if there is none. */
export function commonOf(
  tasks: readonly ArrayTask[],
  read: (task: ArrayTask) => number | undefined,
): number | undefined {
  const first = tasks[0] && read(tasks[0]);
  return tasks.every((task) => read(task) === first) ? first : undefined;
}

export const countTasks = (some: number, all: number): string =>
  some === all ? `All ${all} tasks` : `${some} of ${all} tasks`;

/** Names tasks for a finding. */
export const namesOf = (tasks: readonly ArrayTask[]): Pick<Finding, 'jobs'> => ({
  jobs: tasks.slice(0, MAX_NAMED).map(({ jobId }) => jobId),
});

/** Longer lists are no help on a command line. */
const MAX_INDEX_LENGTH = 120;

/** Writes the numbers of tasks for sbatch: `--array=3,7-9`; undefined if that would be too long. */
export function arrayOption(tasks: readonly ArrayTask[]): string | undefined {
  const numbers = tasks.flatMap(({ taskId }) => taskId ?? []).sort((one, other) => one - other);
  if (numbers.length < tasks.length) return undefined;
  const ranges: string[] = [];
  for (let at = 0; at < numbers.length && ranges.length <= MAX_INDEX_LENGTH / 2; at++) {
    const first = numbers[at]!;
    while (numbers[at + 1] === numbers[at]! + 1) at++;
    ranges.push(first === numbers[at] ? `${first}` : `${first}-${numbers[at]}`);
  }
  const text = ranges.join(',');
  return text.length > MAX_INDEX_LENGTH ? undefined : `--array=${text}`;
}

/** A rule that judges the tasks of an array together, as `Rule` judges one run. */
export interface ArrayRule {
  readonly subject: Subject;
  readonly kinds: Readonly<Record<string, string>>;
  readonly unless?: readonly string[];
  readonly judge: (facts: TaskFacts) => Finding | 'fine' | { readonly unjudged: string } | undefined;
}
