import { formatPercent, formatSeconds } from '../figures.ts';
import { writeTime } from '../sizing/option.ts';
import { type ArrayRule, ascending, commonOf, countTasks, quantileOf } from './task-facts.ts';

const HEADROOM = 1.5;

/** Finds arrays all of whose tasks took far less time than they asked for: shorter ones start earlier. */
export const ARRAY_TIME: ArrayRule = {
  subject: 'time',
  kinds: {
    'array-time':
      'the slowest of the completed tasks took less than `time-modest-percent` of the limit; a waste below `time-unused-percent`',
  },
  judge({ ended, thresholds }) {
    const tasks = ended.filter(
      ({ state, runtimeSeconds }) => state === 'completed' && runtimeSeconds !== undefined,
    );
    if (tasks.length < thresholds.sizingRuns)
      return { unjudged: `fewer than ${thresholds.sizingRuns} tasks completed` };
    const limit = commonOf(tasks, ({ timeLimitSeconds }) => timeLimitSeconds);
    if (!limit) return { unjudged: 'its time limit is not known' };
    // Tasks that ran out of time show that the limit is none too long.
    if (ended.some(({ rawState }) => rawState?.startsWith('TIMEOUT'))) return 'fine';
    if (limit < thresholds.timeLeastSeconds) return 'fine';
    const runtimes = ascending(tasks, ({ runtimeSeconds }) => runtimeSeconds!);
    const [median, most] = [quantileOf(runtimes, 0.5), quantileOf(runtimes, 1)];
    const percent = (100 * most) / limit;
    if (percent >= thresholds.timeModestPercent) return 'fine';
    const [enough, option] = writeTime(HEADROOM * most);
    return {
      kind: 'array-time',
      subject: 'time',
      severity: percent < thresholds.timeUnusedPercent ? 'waste' : 'info',
      message: `${countTasks(tasks.length, tasks.length)} that completed took at most ${formatSeconds(most)} of ${formatSeconds(limit)}, ${formatPercent(percent)}; half of them ${formatSeconds(median)}.`,
      ...(enough < limit && { action: option }),
    };
  },
};
