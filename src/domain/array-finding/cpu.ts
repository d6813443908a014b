import type { ArrayTask } from '../array-task.ts';
import { formatCount } from '../figures.ts';
import { type ArrayRule, ascending, commonOf, countTasks, lackOfTasks, quantileOf } from './task-facts.ts';

const MOST_SHARE = 0.95;

/** Finds arrays whose tasks hold more CPUs than they keep busy. */
export const ARRAY_CPU: ArrayRule = {
  subject: 'cpu',
  kinds: {
    'array-cpu':
      '95 % of the tasks, without GPUs, kept fewer CPUs busy on average than `cpu-low-percent` of theirs',
  },
  judge({ ended, thresholds }) {
    const tasks = ended.filter(
      ({ cpuUsage, cpus, gpus = 0 }) => cpuUsage !== undefined && cpus && gpus === 0,
    );
    if (tasks.length === 0) return undefined;
    const lack = lackOfTasks(tasks, thresholds);
    if (lack) return lack;
    const cpus = commonOf(tasks, (task) => task.cpus);
    if (cpus === undefined || cpus < 2) return 'fine';
    const upper = quantileOf(ascending(tasks, busyOf), MOST_SHARE);
    if (upper >= (thresholds.cpuLowPercent / 100) * cpus) return 'fine';
    const enough = Math.max(1, Math.ceil(upper - 0.05));
    if (enough >= cpus) return 'fine';
    const within = tasks.filter((task) => busyOf(task) <= enough + 0.05).length;
    return {
      kind: 'array-cpu',
      subject: 'cpu',
      severity: 'waste',
      message: `${countTasks(within, tasks.length)} kept at most ${enough} of ${formatCount(cpus, 'CPU')} busy on average.`,
      ...(commonOf(tasks, ({ nodes = 1 }) => nodes) === 1 && { action: `--cpus-per-task=${enough}` }),
      evidence: { measure: 'cpu_usage' },
    };
  },
};

const busyOf = ({ cpuUsage = 0, cpus = 0 }: ArrayTask): number => (cpuUsage / 100) * cpus;
