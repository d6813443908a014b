import { formatPercent } from '../figures.ts';
import { type ArrayRule, countTasks, lackOfTasks, namesOf } from './task-facts.ts';

/** From these shares of the tasks on an array is called by what they do. */
const MOST_SHARE = 0.5;
const SOME_SHARE = 0.1;

/** Finds arrays whose tasks hold GPUs and use them little, or not at all. */
export const ARRAY_GPU: ArrayRule = {
  subject: 'gpu',
  kinds: {
    'array-gpu-unused': 'a tenth of the tasks used their GPUs less than `gpu-idle-percent` on average',
    'array-gpu-low': 'half of the tasks used their GPUs less than `gpu-low-percent` on average',
  },
  judge({ ended, thresholds }) {
    if (!ended.some(({ gpus = 0, gpuUsage }) => gpus > 0 || gpuUsage !== undefined)) return undefined;
    const tasks = ended.filter(({ gpuUsage }) => gpuUsage !== undefined);
    const lack = lackOfTasks(tasks, thresholds);
    if (lack) return lack;
    const below = (percent: number) => tasks.filter(({ gpuUsage }) => gpuUsage! < percent);
    const [idle, low] = [below(thresholds.gpuIdlePercent), below(thresholds.gpuLowPercent)];
    if (idle.length >= SOME_SHARE * tasks.length)
      return {
        kind: 'array-gpu-unused',
        subject: 'gpu',
        severity: 'waste',
        message: `${countTasks(idle.length, tasks.length)} did not use their GPUs (under ${formatPercent(thresholds.gpuIdlePercent)} on average).`,
        action: 'Ask for no GPU for these, or find out why the program does not see it.',
        ...namesOf(idle),
        evidence: { measure: 'gpu_usage' },
      };
    if (low.length < MOST_SHARE * tasks.length) return 'fine';
    return {
      kind: 'array-gpu-low',
      subject: 'gpu',
      severity: 'waste',
      message: `${countTasks(low.length, tasks.length)} used their GPUs less than ${formatPercent(thresholds.gpuLowPercent)} on average.`,
      action:
        'Feed the GPU faster (larger batches, more loading processes), or do several of these on one GPU.',
      ...namesOf(low),
      evidence: { measure: 'gpu_usage' },
    };
  },
};
