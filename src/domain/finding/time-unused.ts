import { formatPercent, formatSeconds } from '../figures.ts';
import { runtimeSeconds } from '../job.ts';
import { writeTime } from '../sizing/option.ts';
import type { Rule } from './finding.ts';
import { isInteractive } from './interactive.ts';

/** What is asked for should leave room for a slower run. */
const HEADROOM = 1.5;

/** Finds completed runs that asked for far more time than they took: shorter ones start earlier. */
export const TIME_UNUSED: Rule = {
  subject: 'time',
  kinds: {
    'time-unused':
      'a completed job of `time-least-seconds` or more took less than `time-modest-percent` of its limit; a waste below `time-unused-percent`',
  },
  judge({ job, nowMs, thresholds, sizing }) {
    const { state, startTimeMs, endTimeMs, details = {} } = job;
    const limit = details.timeLimitSeconds;
    if (state !== 'completed' || startTimeMs === undefined) return undefined;
    if (!limit) return { unjudged: 'its time limit is not known' };
    const seconds = runtimeSeconds(startTimeMs, endTimeMs, nowMs, details.suspendedSeconds);
    if (seconds < thresholds.timeLeastSeconds || isInteractive(job)) return undefined;
    const percent = (100 * seconds) / limit;
    if (percent >= thresholds.timeModestPercent) return 'fine';
    const [enough, option] = writeTime(HEADROOM * seconds);
    const others = sizing?.sizes.time;
    const wanted = others && others.enough > enough ? others : { enough, option };
    return {
      kind: 'time-unused',
      subject: 'time',
      severity: percent < thresholds.timeUnusedPercent ? 'waste' : 'info',
      message: `It took ${formatSeconds(seconds)} of the ${formatSeconds(limit)} that it asked for, ${formatPercent(percent)}.`,
      ...(wanted.enough < limit && { action: wanted.option }),
    };
  },
};
