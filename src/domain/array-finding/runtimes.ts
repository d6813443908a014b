import type { ArrayTask } from '../array-task.ts';
import { formatSeconds } from '../figures.ts';
import { type ArrayRule, ascending, countTasks, namesOf, quantileOf } from './task-facts.ts';

const completedOf = (ended: readonly ArrayTask[]): ArrayTask[] =>
  ended.filter(({ state, runtimeSeconds }) => state === 'completed' && runtimeSeconds !== undefined);
const secondsOf = ({ runtimeSeconds = 0 }: ArrayTask): number => runtimeSeconds;

/** From this share of the tasks on an array is called by what they do. */
const MOST_SHARE = 0.5;
/** How long a task should take at least, so that starting it is little beside it. */
const WANTED_SECONDS = 600;

/** Finds arrays most of whose tasks take less time than Slurm needs to start them. */
export const ARRAY_SHORT: ArrayRule = {
  subject: 'time',
  kinds: { 'array-short': 'half of the completed tasks took less than `short-seconds`' },
  judge({ ended, thresholds: { shortSeconds, sizingRuns } }) {
    const tasks = completedOf(ended);
    if (tasks.length < sizingRuns) return undefined;
    const short = tasks.filter((task) => secondsOf(task) < shortSeconds);
    if (short.length < MOST_SHARE * tasks.length) return undefined;
    const median = quantileOf(ascending(tasks, secondsOf), 0.5);
    const together = Math.max(2, Math.round(WANTED_SECONDS / Math.max(1, median)));
    return {
      kind: 'array-short',
      subject: 'time',
      severity: 'info',
      message: `${countTasks(short.length, tasks.length)} took less than ${formatSeconds(shortSeconds)}, half of all ${formatSeconds(median)} or less; starting each takes about as long.`,
      action: `Do ${Math.min(together, tasks.length)} of these in one task.`,
    };
  },
};

/** How many times the median the slowest task may take. */
const UNEVEN_TIMES = 4;

/** Finds arrays that wait for a few slow tasks. */
export const ARRAY_UNEVEN: ArrayRule = {
  subject: 'time',
  kinds: {
    'array-uneven':
      'the slowest task took four times as long as half of the tasks, and `short-seconds` or more',
  },
  unless: ['array-short'],
  judge({ ended, thresholds: { shortSeconds, sizingRuns } }) {
    const tasks = completedOf(ended);
    if (tasks.length < Math.max(2, sizingRuns)) return undefined;
    const runtimes = ascending(tasks, secondsOf);
    const [median, upper, most] = [0.5, 0.95, 1].map((share) => quantileOf(runtimes, share)) as [
      number,
      number,
      number,
    ];
    if (most < shortSeconds || most < UNEVEN_TIMES * median) return undefined;
    const slow = tasks
      .filter((task) => secondsOf(task) >= UNEVEN_TIMES * median)
      .sort((one, other) => secondsOf(other) - secondsOf(one));
    return {
      kind: 'array-uneven',
      subject: 'time',
      severity: 'info',
      message: `Half of its ${tasks.length} tasks took ${formatSeconds(median)} or less${upper < most ? `, 95 % of them ${formatSeconds(upper)}` : ''}, and the slowest ${formatSeconds(most)} (${slow[0]!.jobId}).`,
      action: 'Split the slow tasks, or give them the first numbers, so that they start first.',
      ...namesOf(slow),
    };
  },
};
